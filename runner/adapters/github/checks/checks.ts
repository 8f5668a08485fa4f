import { explain, type ProctorError } from '../../../domain/error.ts'
import type { Conclusion, Report } from '../../../domain/report.ts'
import type { Publisher } from '../../../seams/publisher.ts'
import { type Board, openBoard } from './board.ts'
import type { Action, Commit, Output } from './check-run.ts'
import type { Steps } from './fitting.ts'
import type { Memory } from './memory.ts'
import { aggregateSteps, batchSteps, conclusionOf, failedSteps, type Named, nameOf, type Shown, withoutText } from './outputs.ts'
import { coalesced } from './progress.ts'

/**
 * `externalId` = of the attempt of the job, the same for all its check runs: `proctor:<run>.<attempt>`. `name` = of the aggregate, and the
 * beginning of all others. `progressMs` = the shortest time between two updates while runs go on.
 */
type Options = Commit &
  Shown & {
    readonly externalId: string
    readonly name: string
    readonly log: (line: string) => void
    readonly progressMs?: number
    /** What these check runs were made to say before; it is told of all that is written now. */
    readonly memory?: Memory
    /** Buttons of the aggregate, once it is completed. */
    readonly actions?: (report: Report) => readonly Action[]
  }
export type Checks = Publisher & {
  /** Shows the aggregate as queued: somebody will begin. One that is open already stays as it is. */
  queue(): Promise<void>
  /** Completes the aggregate: nothing goes on before somebody acts, which `actions` let them do. */
  ask(output: Output, actions: readonly Action[]): Promise<void>
  /** Shows one for each batch and one for all, in progress; those of the same job that are open already are used again. */
  begin(batches: readonly Named[]): Promise<void>
  /** Nothing can be said but why: completes all that are open, and the aggregate unless another process has given it a result. */
  fail(errors: readonly ProctorError[]): Promise<void>
  /** Completes all that are open, at once: the process is about to end. With a memory the aggregate says so in any case. */
  cancel(message: string): Promise<void>
  /** Ids of those that are not completed. */
  readonly open: number[]
  /** Page of the aggregate. */
  readonly url: string | undefined
  /** GitHub said that the token may not write check runs; nothing is asked of it any more. */
  readonly refused: boolean
  /** Short name of the App that the token is of, once GitHub told. */
  readonly app: string | undefined
}

/** Check runs of one plan on one commit. Whatever happens in between, they are completed in the end. */
export function openChecks({
  externalId,
  name,
  progressMs = 15_000,
  log,
  memory,
  actions = () => [],
  place,
  read,
  files,
  ...commit
}: Options): Checks {
  const shown: Shown = { place, read, files }
  const board = openBoard({ ...commit, log, externalId, name, memory, detailsUrl: () => place.reportUrl ?? place.runUrl })
  let stopped = false
  let adopted = false
  let published: Report | undefined
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other, so that none completes what another one is about to begin. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }
  async function adopt(): Promise<void> {
    if (!adopted) await board.adopt()
    adopted = true
  }

  const live = coalesced<Report>(progressMs, (report) =>
    inTurn(async () => {
      for (const batch of report.batches) {
        if (stopped || published) return
        // It says already that it is in progress.
        if (batch.totals.pass + batch.totals.fail + batch.totals.unscored === 0) continue
        await board.progress(nameOf(name, batch), await withoutText(batch, report, shown))
      }
    }),
  )

  /** Every one of them, whatever becomes of the others; throws the first error in the end. */
  async function completeAll(
    all: readonly (readonly [name: string, conclusion: Conclusion, steps: Steps, more?: Parameters<Board['complete']>[3]])[],
  ): Promise<void> {
    const errors: unknown[] = []
    const failed = (error: unknown) => void errors.push(error)
    const rests = []
    for (const given of all) rests.push(await board.complete(...given).catch(failed))
    for (const rest of rests) await rest?.().catch((error: Error) => log(`some annotations are missing: ${error.message}`))
    if (errors.length > 0) throw errors[0]
  }

  async function conclude(report: Report): Promise<void> {
    await adopt()
    const named = new Set([name, ...report.batches.map((batch) => nameOf(name, batch))])
    const others = board.openNames().filter((title) => !named.has(title))
    await completeAll([
      ...report.batches.map((batch) => [nameOf(name, batch), conclusionOf(batch), batchSteps(batch, report, shown)] as const),
      ...others.map((title) => [title, 'neutral', [() => noResult(place.runUrl)]] as const),
      [name, report.conclusion, aggregateSteps(report, shown), { actions: actions(report) }],
    ])
    if (board.mayHaveTwins) await board.adopt()
  }

  return {
    queue: () =>
      inTurn(async () => {
        await adopt()
        if (!stopped && !board.isOpen(name)) await board.start(name, waiting(place.runUrl), { queued: true })
      }),
    ask: (output, actions) =>
      inTurn(async () => {
        await adopt()
        await completeAll([[name, 'action_required', [() => output], { actions, asking: true }]])
      }),
    async begin(batches) {
      await inTurn(async () => {
        await adopt()
        for (const title of [name, ...batches.map((batch) => nameOf(name, batch))])
          if (!stopped) await board.start(title, begun(place.runUrl))
      })
    },
    async publish(report) {
      if (stopped || isOlder(report, published)) return
      if (report.state === 'running') return live.offer(report)
      published = report
      await live.end()
      await inTurn(() => conclude(report))
    },
    async fail(errors) {
      stopped = true
      await live.end()
      await inTurn(async () => {
        // Another process of the same job may have begun them, or GitHub may have without telling.
        await board.adopt().catch((error: Error) => log(error.message))
        const due = new Set([...(memory || !board.has(name) ? [name] : []), ...board.openNames()])
        await completeAll([...due].map((title) => [title, gravest(errors), failedSteps(errors, shown, title === name)]))
      })
    },
    async cancel(message) {
      stopped = true
      await Promise.race([Promise.all([live.end(), last]), new Promise((passed) => setTimeout(passed, 1500).unref())])
      if (memory) await adopt()
      // Of a commit that is looked at once more the newer check run is the one that counts: no other may be put before it.
      const due = new Set([...(memory && !board.isHidden(name) ? [name] : []), ...board.openNames()])
      const output = { title: 'Cancelled', summary: `${message}\n\n${place.runUrl}` }
      await Promise.all([...due].map((title) => board.complete(title, 'cancelled', [() => output])))
    },
    get open() {
      return board.open
    },
    get url() {
      return board.url
    },
    get refused() {
      return board.refused
    },
    get app() {
      return board.app
    },
  }
}

/** A revision grows with every result; at the same one a finished report is newer than a running one. */
const isOlder = (report: Report, before: Report | undefined): boolean =>
  before !== undefined && (report.state === 'running' || report.revision < before.revision)

function gravest(errors: readonly ProctorError[]): Conclusion {
  const found = new Set(errors.map(({ code }) => explain(code).conclusion))
  return (['action_required', 'failure', 'neutral'] as const).find((conclusion) => found.has(conclusion)) ?? 'neutral'
}

const waiting = (runUrl: string): Output => ({ title: 'Queued', summary: `It begins as soon as there is room: ${runUrl}` })
const begun = (runUrl: string): Output => ({ title: 'In progress', summary: `Results are shown here as they come in: ${runUrl}` })
const noResult = (runUrl: string): Output => ({
  title: 'No result',
  summary: `The last attempt had nothing to say about this eval: ${runUrl}`,
})
