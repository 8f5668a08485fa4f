import type { Plan } from '../../runner/domain/plan.ts'
import { makePlan, type PlanRequest } from '../../runner/plan/make-plan.ts'
import type { Fetcher, Source } from '../../runner/seams/fetcher.ts'
import { planningWorld, written } from './written.ts'

export type Files = Parameters<typeof written>[0]
/** `undefined` takes a file away. */
export type Change = { readonly [path: string]: Files[string] | undefined }

export const changed = (files: Files, change: Change): Files =>
  Object.fromEntries(Object.entries({ ...files, ...change }).filter((entry): entry is [string, Files[string]] => entry[1] !== undefined))

type Asked = Partial<Omit<PlanRequest, 'root' | 'fence' | 'base'>> & {
  readonly path?: string
  readonly compare?: 'failed' | 'all' | 'none'
  readonly version?: string
  /** Of credentials. */
  readonly values?: Readonly<Record<string, string>>
}

/** Plans a pull request as the action does: two trees on the disk, and a part of them that is asked for. */
export async function pullPlan(base: Files, head: Files, { path = '.', compare = 'failed', version, values, ...request }: Asked = {}) {
  await using before = await written(base)
  await using after = await written(head)
  await using cache = await written({})
  const world = watched(planningWorld(cache.root, version, values))
  const asked: PlanRequest = {
    grants: 'nothing',
    trigger: { kind: 'pull_request', repo: 'acme/agents', ref: 'topic', pull: 7, head: 'b'.repeat(40), base: 'a'.repeat(40) },
    ...request,
    root: after.at(path),
    fence: after.root,
    base: { root: before.at(path), fence: before.root, compare },
  }
  return { plan: await makePlan(asked, world, new AbortController().signal), world }
}

/** Plans a push, of which nothing is the base. */
export async function pushPlan(files: Files, { path = '.', version, ...request }: Omit<Asked, 'compare'> = {}) {
  await using tree = await written(files)
  await using cache = await written({})
  const world = planningWorld(cache.root, version)
  const asked: PlanRequest = {
    grants: 'nothing',
    trigger: { kind: 'push', repo: 'acme/agents', ref: 'main', head: 'c'.repeat(40) },
    ...request,
    root: tree.at(path),
    fence: tree.root,
  }
  return { plan: await makePlan(asked, world, new AbortController().signal), world }
}

/** Remembers what was fetched. */
function watched(world: ReturnType<typeof planningWorld>) {
  const fetched: Source[] = []
  const fetcher: Fetcher = {
    fetch(source, ...rest) {
      fetched.push(source)
      return world.fetcher.fetch(source, ...rest)
    },
  }
  return { ...world, fetcher, fetched }
}

/** `agent / eval` of the batches that decide, or that are proposed. */
export const batchesOf = ({ batches }: Plan, which: 'deciding' | 'proposed' = 'deciding') =>
  batches.filter(({ proposed }) => (which === 'proposed') === (proposed ?? false)).map(({ agent, eval: name }) => `${agent} / ${name}`)
