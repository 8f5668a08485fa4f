import type { Verdict } from '../runner/domain/grade.ts'
import type { Run } from '../runner/domain/plan.ts'
import type { Step } from '../runner/domain/step.ts'
import { oneLine } from '../runner/report/plain.ts'
import type { WatchEvent } from '../runner/seams/watch.ts'

/** `gate`: the pass rate that is asked for. */
export type Counts = { pass: number; fail: number; unscored: number; readonly total: number; readonly gate: number }
/** A run that is at work. `since` in ms; `doing` is the last thing that was seen of it. */
export type Active = { readonly title: string; readonly batch: string; readonly since: number; stage: string; doing: string }
type Preparing = { readonly runs: ReadonlySet<string>; readonly log: string }
/** What is known of the runs at this moment. Counts are of the head side, each run once however often it was tried. */
export type Tally = {
  readonly batches: ReadonlyMap<string, Counts>
  readonly active: ReadonlyMap<string, Active>
  readonly preparing: Preparing | undefined
  /** Verdicts that were there before this start, and since then. */
  readonly before: number
  readonly since: number
  readonly total: number
  see(event: WatchEvent): void
}

export function openTally(now: () => number): Tally {
  const batches = new Map<string, Counts>()
  const verdicts = new Map<string, Verdict>()
  const active = new Map<string, Active>()
  const waiting = new Set<string>()
  let log = ''
  let before = 0

  const count = (run: Run, verdict: Verdict) => {
    const counts = batches.get(batchTitle(run))
    if (!counts || run.side !== 'head') return
    const id = run.id.replace(/~\d+$/, '')
    const earlier = verdicts.get(id)
    if (earlier) counts[earlier]--
    counts[verdict]++
    verdicts.set(id, verdict)
  }
  const enter = (run: Run, stage: string) => {
    waiting.delete(run.id)
    const known = active.get(run.id)
    if (known) Object.assign(known, { stage, doing: '' })
    else active.set(run.id, { title: runTitle(run), batch: batchTitle(run), since: now(), stage, doing: '' })
  }

  return {
    batches,
    active,
    get preparing() {
      return waiting.size > 0 ? { runs: waiting, log } : undefined
    },
    get before() {
      return before
    },
    get since() {
      return verdicts.size - before
    },
    get total() {
      return [...batches.values()].reduce((all, { total }) => all + total, 0)
    },
    see(event) {
      if (event.at === 'planned') {
        for (const { agent, eval: name, runs, gate } of event.plan.batches) {
          const total = runs.filter(({ side }) => side === 'head').length
          batches.set(`${agent} / ${name}`, { pass: 0, fail: 0, unscored: 0, total, gate: gate.minPassRate })
        }
        for (const { run, grade } of event.done) count(run, grade.verdict)
        before = verdicts.size
      }
      if (event.at === 'running' || event.at === 'grading' || event.at === 'judging') enter(event.run, event.at)
      if (event.at === 'preparing') {
        const line = lastLine(event.log ?? event.what)
        const known = event.run && active.get(event.run.id)
        if (known) known.doing = line
        else if (event.run) waiting.add(event.run.id)
        log = line || log
      }
      if (event.at === 'step') {
        const known = active.get(event.run.id)
        if (known) known.doing = stepText(event.step)
      }
      if (event.at === 'done') {
        active.delete(event.run.id)
        waiting.delete(event.run.id)
        count(event.run, event.grade.verdict)
      }
    },
  }
}

const batchTitle = (run: Run) => `${run.agent.slug} / ${run.eval}`
export const runTitle = (run: Run) =>
  oneLine(
    `${batchTitle(run)} / ${run.sample.id}${run.side === 'base' ? ' (base)' : ''}${run.epoch > 1 ? ` #${run.epoch}` : ''}${run.attempt > 1 ? ` attempt ${run.attempt}` : ''}`,
    200,
  )

const lastLine = (text: string) =>
  oneLine(
    text
      .slice(-2000)
      .trimEnd()
      .split(/[\r\n]/)
      .at(-1) ?? '',
    200,
  )

function stepText({ kind, detail }: Step): string {
  const text = String(Object.values(detail)[0] ?? '')
  return oneLine(kind === 'shell' ? `$ ${text}` : `${kind} ${text}`, 200)
}
