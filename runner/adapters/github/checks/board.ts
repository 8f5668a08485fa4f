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
import { digestOf, type Memory, type Written } from './memory.ts'

/** `externalId` is the same for all attempts of one workflow run but for the number at its end. `name` is that of the aggregate. */
type Options = Commit & {
  readonly externalId: string
  readonly name: string
  readonly detailsUrl: () => string
  readonly log: (line: string) => void
  readonly memory?: Memory | undefined
}
export type Board = ReturnType<typeof openBoard>
/** `asking`: it goes on when somebody acts. */
type State = {
  readonly conclusion?: Conclusion
  readonly queued?: boolean
  readonly asking?: boolean
  readonly actions?: readonly Action[]
}

/**
 * The check runs of one plan by their names, each made once. Once GitHub says that this token may not write any, it is asked for nothing
 * any more.
 */
export function openBoard({ externalId, name: aggregate, detailsUrl, log, memory, ...commit }: Options) {
  const known = new Map<string, CheckRun>()
  const found = new Set<number>()
  const written = new Map<string, Written>(memory?.written)
  const newest = new Map<string, number>()
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

  /** What it was last made to say, as far as anybody remembers: it may be another one now, or somebody else may have completed it. */
  function lastOf(name: string): Written | undefined {
    const [run, last] = [known.get(name), written.get(name)]
    const wasOpen = last?.status === 'queued' || last?.status === 'in_progress'
    return run && last?.id === run.id && wasOpen === run.isOpen ? last : undefined
  }
  const saysAlready = (name: string, says: string): boolean => lastOf(name)?.digest === says

  async function remember(name: string, id: number, { conclusion, queued = false, asking = false }: State, says: string): Promise<void> {
    const status = conclusion === undefined ? (queued ? 'queued' : 'in_progress') : asking ? 'asking' : 'completed'
    const last = { id, status, ...(conclusion !== undefined && { conclusion }), digest: says } as const
    written.set(name, last)
    await memory?.keep(name, last)
  }

  /**
   * GitHub lets nobody change the status or the conclusion of one that is completed
   * (https://github.com/orgs/community/discussions/24761): another one of the same name takes its place, and that one is shown. So it
   * loses its buttons, too.
   */
  function isPast(name: string, { conclusion, asking = false }: State): boolean {
    const run = known.get(name)
    if (!run || run.isOpen) return false
    return conclusion !== run.conclusion || (lastOf(name)?.status === 'asking' && !asking)
  }

  /** `says`: what stands for all of it, also for what GitHub takes only a part of. */
  async function write(name: string, output: Output, state: State, says: string): Promise<void> {
    const { conclusion, queued = false, actions = [] } = state
    const content = { externalId, detailsUrl: detailsUrl(), output, queued, actions, ...(conclusion !== undefined && { conclusion }) }
    const before = known.get(name)
    const update = before && !isPast(name, state) ? updateCheckRun(commit, before, content) : undefined
    // One that was found may be another App's, which took our id for its own: then ours is another.
    const updated = await (update && before && found.has(before.id) ? ifOurs(update) : update)
    const run = updated ?? (await createCheckRun(commit, name, { ...content, onRepeat, instead: before?.id }))
    found.delete(run.id)
    known.set(name, { ...run, isOpen: conclusion === undefined, conclusion })
    if (run.app !== undefined) app.slug = run.app
    await remember(name, run.id, state, says)
  }

  /** Of this attempt of the job; or of an earlier one that left it open, which nobody else will complete. */
  const isOurs = ({ name, externalId: id, isOpen }: CheckRun) =>
    (name === aggregate || name.startsWith(`${aggregate} / `)) &&
    (id === externalId || (isOpen && id.startsWith(externalId.replace(/\d+$/, ''))))

  return {
    has: (name: string): boolean => known.has(name),
    isOpen: (name: string): boolean => known.get(name)?.isOpen === true,
    /** A later one of this name, of somebody else who writes as we do, is what GitHub shows. */
    isHidden: (name: string): boolean => (newest.get(name) ?? 0) > (known.get(name)?.id ?? 0),
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
      for (const { name, id, externalId: by } of all)
        if (by.split(':')[0] === externalId.split(':')[0]) newest.set(name, Math.max(id, newest.get(name) ?? 0))
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

    /** One that is in progress already goes on showing what it shows. */
    async start(name: string, output: Output, { queued = false } = {}): Promise<void> {
      if (!queued && lastOf(name)?.status === 'in_progress') return
      const says = digestOf([detailsUrl(), output, queued])
      if (!saysAlready(name, says)) await allowed(() => write(name, output, { queued }, says))
    },

    async progress(name: string, output: Output): Promise<void> {
      const run = known.get(name)
      const says = digestOf([detailsUrl(), output])
      if (!run?.isOpen || saysAlready(name, says)) return
      await allowed(async () => {
        await showProgress(commit, run.id, output)
        await remember(name, run.id, {}, says)
      })
    },

    /** With the first of its annotations. What is returned adds the others: later, when every check run is complete. */
    async complete(name: string, conclusion: Conclusion, steps: Steps, more: Omit<State, 'conclusion'> = {}): Promise<() => Promise<void>> {
      const state = { ...more, conclusion }
      const { annotations: _, ...whole } = (await steps[0]?.()) ?? {}
      const says = digestOf([detailsUrl(), whole, conclusion, more.actions ?? []])
      if (saysAlready(name, says)) return async () => {}
      const has = !isPast(name, state) && (known.get(name)?.annotations ?? 0) > 0
      const done = await allowed(() =>
        sendFitting(steps, {
          onRefused: (error) => log(`${name} shows less than it could: ${error.message}`),
          async send({ annotations = [], ...output }) {
            const [first = [], ...rest] = annotationParts(has ? [] : annotations)
            await write(name, { ...output, annotations: first }, state, says)
            return { output, rest }
          },
        }),
      )
      return async () => {
        for (const annotations of done?.rest ?? [])
          await allowed(() => write(name, { title: '', summary: '', ...done?.output, annotations }, state, says))
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
