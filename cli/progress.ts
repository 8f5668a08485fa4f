import { createLogUpdate } from 'log-update'
import type { Plan, Run } from '../runner/domain/plan.ts'
import type { Watch, WatchEvent } from '../runner/seams/watch.ts'

type Stream = NodeJS.WriteStream
type Options = { readonly stream: Stream; readonly plain: boolean; readonly quiet: boolean }
export type Progress = { readonly watch: Watch; close(): void } & Disposable

/** A live table in a terminal, one line per event elsewhere, nothing when quiet. */
export function openProgress({ stream, plain, quiet }: Options): Progress {
  if (quiet) return { watch: () => {}, close() {}, [Symbol.dispose]() {} }
  return plain || !stream.isTTY ? plainLines(stream) : liveTable(stream)
}

function plainLines(stream: Stream): Progress {
  const counts = tally()
  const watch = (event: WatchEvent) => {
    counts.see(event)
    const line = plainLine(event, counts)
    if (line) stream.write(`${line}\n`)
  }
  return { watch, close() {}, [Symbol.dispose]() {} }
}

function plainLine(event: WatchEvent, counts: Tally): string | undefined {
  if (event.at === 'planned') return `${counts.total} runs planned${event.done ? `, ${event.done} already recorded` : ''}`
  if (event.at === 'preparing' && event.log === undefined) return `preparing ${event.what}`
  if (event.at === 'done')
    return `[${counts.finished}/${counts.total}] ${event.grade.verdict.padEnd(8)} ${title(event.run)} (${seconds(event.durationMs)})${event.grade.verdict === 'pass' ? '' : `: ${event.grade.reason}`}`
  return undefined
}

/** Redrawn at most ten times a second, so that a flood of steps costs nothing. */
function liveTable(stream: Stream): Progress {
  const draw = createLogUpdate(stream)
  const counts = tally()
  const active = new Map<string, string>()
  let preparing = ''
  let timer: NodeJS.Timeout | undefined
  const redraw = () => {
    timer = undefined
    draw(tableText({ counts, active, preparing, width: stream.columns ?? 80 }))
  }
  const watch = (event: WatchEvent) => {
    counts.see(event)
    if (event.at === 'preparing') preparing = `${event.what}${event.log ? `: ${event.log.trim().split('\n').at(-1)}` : ''}`
    if (event.at === 'running' || event.at === 'grading' || event.at === 'judging') {
      preparing = ''
      active.set(event.run.id, `${event.at.padEnd(8)} ${title(event.run)}`)
    }
    if (event.at === 'step') active.set(event.run.id, `${event.step.kind.padEnd(8)} ${title(event.run)}  ${stepText(event.step.detail)}`)
    if (event.at === 'done') active.delete(event.run.id)
    timer ??= setTimeout(redraw, 100)
  }
  const close = () => {
    clearTimeout(timer)
    draw.clear()
    draw.done()
  }
  return { watch, close, [Symbol.dispose]: close }
}

function tableText({
  counts,
  active,
  preparing,
  width,
}: {
  counts: Tally
  active: ReadonlyMap<string, string>
  preparing: string
  width: number
}): string {
  const rows = [...counts.batches].map(
    ([name, { pass, fail, unscored, total }]) =>
      `${name.padEnd(40)} ${String(pass + fail + unscored).padStart(4)}/${total}  ${pass} pass  ${fail} fail${unscored ? `  ${unscored} unscored` : ''}`,
  )
  const shown = [...active.values()].slice(0, 12).map((line) => `  ${line}`)
  const more = active.size > 12 ? [`  and ${active.size - 12} more`] : []
  return [...rows, ...shown, ...more, ...(preparing ? [`  preparing ${preparing}`] : [])]
    .map((line) => printable(line).slice(0, width - 1))
    .join('\n')
}

type Counts = { pass: number; fail: number; unscored: number; total: number }
type Tally = {
  readonly batches: ReadonlyMap<string, Counts>
  readonly finished: number
  readonly total: number
  see(event: WatchEvent): void
}

function tally(): Tally {
  const batches = new Map<string, Counts>()
  const sum = (pick: (counts: Counts) => number) => [...batches.values()].reduce((all, counts) => all + pick(counts), 0)
  return {
    batches,
    get finished() {
      return sum(({ pass, fail, unscored }) => pass + fail + unscored)
    },
    get total() {
      return sum(({ total }) => total)
    },
    see(event) {
      if (event.at === 'planned')
        for (const [name, total] of batchSizes(event.plan)) batches.set(name, { pass: 0, fail: 0, unscored: 0, total })
      const counts = event.at === 'done' ? batches.get(batchName(event.run)) : undefined
      if (event.at === 'done' && counts) counts[event.grade.verdict]++
    },
  }
}

const batchSizes = (plan: Plan) =>
  plan.batches.map(({ agent, eval: name, runs }) => [`${agent} / ${name}`, runs.filter(({ side }) => side === 'head').length] as const)
const batchName = (run: Run) => `${run.agent.slug} / ${run.eval}`
const title = (run: Run) =>
  `${run.agent.slug} / ${run.eval} / ${run.sample.id}${run.epoch > 1 ? ` #${run.epoch}` : ''}${run.attempt > 1 ? ` (attempt ${run.attempt})` : ''}`
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const stepText = (detail: object) => String(Object.values(detail)[0] ?? '').split('\n')[0]
/** A step is the agent's text: no escape sequence of it may reach the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const printable = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
