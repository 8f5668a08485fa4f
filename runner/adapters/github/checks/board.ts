import type { Conclusion } from '../../../domain/report.ts'
import { hasStatus, isRefusal } from '../error.ts'
import { annotationParts } from './annotations.ts'
import {
  type Action,
  type CheckRun,
  type Commit,
  createCheckRun,
  listCheckRuns,
  type Output,
  showProgress,
  updateCheckRun,
} from './check-run.ts'
import { type Steps, sendFitting } from './fitting.ts'

/** `externalId` is the same for all attempts of one workflow run but for the number at its end. `name` is that of the aggregate. */
type Options = Commit & {
  readonly externalId: string
  readonly name: string
  readonly detailsUrl: () => string
  readonly log: (line: string) => void
}
export type Board = ReturnType<typeof openBoard>
type State = { readonly conclusion?: Conclusion; readonly queued?: boolean; readonly actions?: readonly Action[] }

/**
 * The check runs of one plan by their names, each made once. Once GitHub says that this token may not write any, it is asked for nothing
 * any more.
 */
export function openBoard({ externalId, name: aggregate, detailsUrl, log, ...commit }: Options) {
  const known = new Map<string, CheckRun>()
  const found = new Set<number>()
  const concluded = new Map<string, Conclusion>()
  const app: { slug?: string } = {}
  let refused = false
  let mayHaveTwins = false
  const onRepeat = () => {
    mayHaveTwins = true
  }

  /** Undefined when the token may not do it. */
  async function allowed<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (refused) return undefined
    try {
      return await work()
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (!refused) log(`check runs cannot be written, so they are left out: ${error.message}`)
      refused = true
      return undefined
    }
  }

  async function write(name: string, output: Output, state: State = {}): Promise<CheckRun> {
    const { conclusion } = state
    const content = { externalId, detailsUrl: detailsUrl(), output, ...state }
    const before = known.get(name)
    const update = before && updateCheckRun(commit, before, content)
    // One that was found may be another App's, which took our id for its own: then ours is another.
    const updated = await (update && found.has(before.id) ? ifOurs(update) : update)
    const run = updated ?? (await createCheckRun(commit, name, { ...content, onRepeat }))
    found.delete(run.id)
    known.set(name, { ...run, isOpen: conclusion === undefined })
    if (conclusion !== undefined) concluded.set(name, conclusion)
    if (run.app !== undefined) app.slug = run.app
    return run
  }

  /** Of this attempt of the job; or of an earlier one that left it open, which nobody else will complete. */
  const isOurs = ({ name, externalId: id, isOpen }: CheckRun) =>
    (name === aggregate || name.startsWith(`${aggregate} / `)) &&
    (id === externalId || (isOpen && id.startsWith(externalId.replace(/\d+$/, ''))))

  return {
    has: (name: string): boolean => known.has(name),
    openNames: (): readonly string[] => [...known.values()].filter(({ isOpen }) => isOpen).map(({ name }) => name),
    get open(): number[] {
      return [...known.values()].filter(({ isOpen }) => isOpen).map(({ id }) => id)
    },
    get url(): string | undefined {
      return known.get(aggregate)?.url
    },
    get refused(): boolean {
      return refused
    },
    /** A create was repeated because GitHub did not show what it had made: it may show it later. */
    get mayHaveTwins(): boolean {
      return mayHaveTwins
    },
    get app(): string | undefined {
      return app.slug
    },

    /** Takes up what is there already. Of two with one name the later is the one that GitHub shows. */
    async adopt(): Promise<void> {
      const all = (await allowed(() => listCheckRuns(commit))) ?? []
      for (const run of all.filter(isOurs).toSorted((a, b) => a.id - b.id)) {
        const other = known.get(run.name)
        const [older, newer] = other && other.id > run.id ? [run, other] : [other, run]
        if (older?.isOpen && older.id !== newer.id)
          await allowed(() => ifOurs(updateCheckRun(commit, older, { externalId, detailsUrl: detailsUrl(), ...replaced })))
        if (newer.id === other?.id) continue
        known.set(run.name, newer)
        found.add(newer.id)
      }
    },

    /** All that are known, with what this process concluded of them. */
    get all(): readonly (Pick<CheckRun, 'id' | 'name' | 'isOpen'> & { readonly conclusion?: Conclusion })[] {
      return [...known.values()].map(({ id, name, isOpen }) => {
        const conclusion = concluded.get(name)
        return { id, name, isOpen, ...(conclusion !== undefined && { conclusion }) }
      })
    },

    async start(name: string, output: Output, { queued = false } = {}): Promise<void> {
      await allowed(() => write(name, output, { queued }))
    },

    async progress(name: string, output: Output): Promise<void> {
      const run = known.get(name)
      if (run?.isOpen) await allowed(() => showProgress(commit, run.id, output))
    },

    /** With the first of its annotations. What is returned adds the others: later, when every check run is complete. */
    async complete(name: string, conclusion: Conclusion, steps: Steps, actions: readonly Action[] = []): Promise<() => Promise<void>> {
      const has = (known.get(name)?.annotations ?? 0) > 0
      const done = await allowed(() =>
        sendFitting(steps, {
          onRefused: (error) => log(`${name} shows less than it could: ${error.message}`),
          async send({ annotations = [], ...output }) {
            const [first = [], ...more] = annotationParts(has ? [] : annotations)
            await write(name, { ...output, annotations: first }, { conclusion, actions })
            return { output, more }
          },
        }),
      )
      return async () => {
        for (const annotations of done?.more ?? [])
          await allowed(() => write(name, { title: '', summary: '', ...done?.output, annotations }, { conclusion, actions }))
      }
    },
  }
}

const ifOurs = (update: Promise<CheckRun>): Promise<CheckRun | undefined> =>
  update.catch((error: unknown) => (hasStatus(error, 403, 404) ? undefined : Promise.reject(error)))

const replaced = {
  conclusion: 'neutral',
  output: { title: 'Begun twice', summary: 'The result is in the other check run of this name.' },
} as const
