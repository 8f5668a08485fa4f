import { createLogUpdate } from 'log-update'
import { oneLine } from '../runner/report/plain.ts'
import { duration } from '../runner/report/wording.ts'
import type { Watch, WatchEvent } from '../runner/seams/watch.ts'
import { tableText } from './live-table.ts'
import { openTally, runTitle, type Tally } from './tally.ts'

type Stream = NodeJS.WriteStream
type Options = { readonly stream: Stream; readonly plain: boolean; readonly quiet: boolean; readonly colour: boolean }
export type Progress = {
  readonly watch: Watch
  /** The run is being stopped: says so, and goes on showing how it winds down. */
  stopping(text: string): void
  close(): void
} & Disposable

/** A live table in a terminal, one line per event elsewhere, only what must be said when quiet. */
export function openProgress({ stream, plain, quiet, colour }: Options): Progress {
  if (quiet) return withoutTable(stream, () => {})
  return plain || !stream.isTTY ? plainLines(stream) : liveTable(stream, colour)
}

function withoutTable(stream: Stream, watch: Watch): Progress {
  return { watch, stopping: (text) => void stream.write(`${text}\n`), close() {}, [Symbol.dispose]() {} }
}

function plainLines(stream: Stream): Progress {
  const tally = openTally(Date.now)
  const prepared = new Set<string>()
  const images = imageLines()
  const watch = (event: WatchEvent) => {
    tally.see(event)
    const line = plainLine(event, tally, prepared)
    for (const one of [...(line ? [line] : []), ...images(event)]) stream.write(`${one}\n`)
  }
  return { ...withoutTable(stream, watch), close: () => void stream.write('\n') }
}

function plainLine(event: WatchEvent, tally: Tally, prepared: Set<string>): string | undefined {
  if (event.at === 'planned')
    return `${tally.total} ${tally.total === 1 ? 'run' : 'runs'} planned${tally.before > 0 ? `, ${tally.before} already recorded` : ''}`
  if (event.at === 'preparing' && event.run) {
    const { agent, sample } = event.run
    const what = `the environment of ${agent.slug}${sample.exercise ? ` for ${sample.exercise.name}` : ''}`
    if (prepared.has(what)) return undefined
    prepared.add(what)
    return oneLine(`preparing ${what}`, 300)
  }
  if (event.at === 'warned') return oneLine(event.text, 500)
  if (event.at === 'done') {
    const { verdict, reason } = event.grade
    const after = verdict === 'pass' ? '' : `: ${oneLine(reason, 300)}`
    return `[${tally.before + tally.since}/${tally.total}] ${verdict.padEnd(8)} ${runTitle(event.run)} (${duration(event.durationMs)})${after}`
  }
  return undefined
}

/** The build of an image, line by line. Of several runs that wait for the same one only the first is listened to. */
function imageLines(): (event: WatchEvent) => readonly string[] {
  const heard = new Map<string, { readonly run: string; rest: string }>()
  return (event) => {
    if (event.at !== 'preparing' || event.what !== 'image' || !event.run || event.log === undefined) return []
    const { id, agent } = event.run
    const one = heard.get(agent.slug) ?? { run: id, rest: '' }
    heard.set(agent.slug, one)
    if (one.run !== id) return []
    const lines = `${one.rest}${event.log}`.split('\n')
    one.rest = lines.pop()?.slice(-4096) ?? ''
    return lines.map((line) => `  ${agent.slug} | ${oneLine(line, 300)}`)
  }
}

/** Redrawn at most ten times a second, so that a flood of steps costs nothing, and at least once, so that the clock goes on. */
function liveTable(stream: Stream, colour: boolean): Progress {
  const draw = createLogUpdate(stream)
  const tally = openTally(Date.now)
  const started = Date.now()
  let stopping = false
  let closed = false
  let timer: NodeJS.Timeout | undefined
  const redraw = () => {
    timer = undefined
    if (tally.total === 0 || closed) return
    const screen = { width: stream.columns ?? 80, height: stream.rows ?? 24, colour }
    draw(tableText({ tally, now: Date.now(), started, stopping }, screen))
  }
  const soon = () => {
    timer ??= setTimeout(redraw, 100)
  }
  const ticking = setInterval(redraw, 1000)
  stream.on('resize', soon)
  const close = () => {
    if (closed) return
    closed = true
    clearTimeout(timer)
    clearInterval(ticking)
    stream.off('resize', soon)
    draw.clear()
    draw.done()
  }
  return {
    watch(event) {
      tally.see(event)
      soon()
    },
    stopping(text) {
      stopping = true
      draw.persist(text)
      redraw()
    },
    close,
    [Symbol.dispose]: close,
  }
}
