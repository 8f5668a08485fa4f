import { basename } from 'node:path'
import type { Digest } from '../domain/blob.ts'
import { Problems, ProctorError } from '../domain/error.ts'
import type { Price, Prices } from '../domain/model-call.ts'
import type { Batch, Budget, Plan, Trigger } from '../domain/plan.ts'
import { digest } from '../lib/digest.ts'
import { didYouMean } from '../lib/nearest.ts'
import type { World } from '../seams/world.ts'
import { Freezer } from './freeze/freeze.ts'
import { headCommit } from './freeze/head-commit.ts'
import type { Package } from './read/read-package.ts'
import { settled } from './settled.ts'
import { type Part, type Survey, survey } from './survey.ts'

/**
 * What somebody asks for at a desk. Empty lists = all. `judge` is a model or `none`; `defaultJudge` the model that the
 * environment names; `image` what every recipe begins with.
 */
export type PlanRequest = {
  readonly root: string
  readonly agents?: readonly string[]
  readonly evals?: readonly string[]
  readonly samples?: readonly string[]
  readonly epochs?: number | undefined
  readonly judge?: string | undefined
  readonly defaultJudge?: string | undefined
  readonly image?: string
}
type Needed = Pick<World, 'fetcher' | 'blobs' | 'version'>

/** Reads what people wrote, fetches what it names, and freezes everything. Throws `Problems` with all that is wrong, or `package_not_found`. */
export async function makePlan(request: PlanRequest, world: Needed, signal: AbortSignal): Promise<Plan> {
  const { root, agents = [], evals = [], samples = [], epochs, judge, defaultJudge, image = 'proctor-base:latest' } = request
  const looked = await survey({ root, agents, evals, judge: { flag: judge, fallback: defaultJudge } })
  const { parts, problems } = onlySamples(looked, samples)
  if (problems.length > 0) throw new Problems(problems)

  const commit = (await headCommit(looked.found.fence)) ?? 'uncommitted'
  const freezer = new Freezer({ world, found: looked.found, signal, around: { version: world.version, image } })
  const batches = await settled(parts.map((part) => freezer.freeze(part, { commit, epochs })))
  const budget = budgetOf(looked.found)
  const prices = pricesOf(looked.found)
  const trigger = await localTrigger(looked.found, commit, world)
  return {
    id: planId(batches, budget),
    trigger,
    batches,
    budget,
    ...(prices ? { prices } : {}),
    warnings: [...looked.warnings, ...freezer.warnings],
  }
}

/** Everything that decides what runs and how it is judged; where the files lie and what the commit is called does not. Keys cover the runs' content. */
function planId(batches: readonly Batch[], budget: Budget): Digest {
  const parts = batches.map(({ eval: name, agent, gate, runs }) => ({
    eval: name,
    agent,
    gate,
    runs: runs.map(({ id, keys }) => ({ id, keys })),
  }))
  return digest({ budget, batches: parts })
}

function onlySamples(
  { parts, problems }: Survey,
  ids: readonly string[],
): { readonly parts: readonly Part[]; readonly problems: readonly ProctorError[] } {
  if (ids.length === 0 || problems.length > 0) return { parts, problems }
  const known = [...new Set(parts.flatMap(({ samples }) => samples.map(({ draft }) => draft.id)))]
  const unknown = ids.filter((id) => !known.includes(id))
  const left = parts.map((part) => ({ ...part, samples: part.samples.filter(({ draft }) => ids.includes(draft.id)) }))
  return {
    parts: left.filter(({ samples }) => samples.length > 0),
    problems: unknown.map((id) => new ProctorError('usage_invalid', `--sample: no sample is called \`${id}\`${didYouMean(id, known)}`)),
  }
}

function budgetOf({ config }: Package): Budget {
  const { cost_usd, wall_s } = config?.value.budget ?? {}
  return { ...(cost_usd === undefined ? {} : { costUsd: cost_usd }), ...(wall_s === undefined ? {} : { wallMs: wall_s * 1000 }) }
}

/** As the engine has them: what a repository says about prices changes what a run may spend, never what it is. */
function pricesOf({ config }: Package): Prices | undefined {
  const written = config?.value.prices
  if (!written) return undefined
  const prices = Object.entries(written).map(([name, { input, output, cache_read, cache_write }]): [string, Price] => [
    name,
    {
      input,
      output,
      ...(cache_read === undefined ? {} : { cacheRead: cache_read }),
      ...(cache_write === undefined ? {} : { cacheWrite: cache_write }),
    },
  ])
  return Object.fromEntries(prices)
}

/** A desk has no trees in blobs: what stands for the tree is a list of the files that were read, with what they say. */
async function localTrigger({ root, agents, evals, scenarios, config }: Package, sha: string, { blobs }: Needed): Promise<Trigger> {
  const read = [...agents, ...evals, ...scenarios, ...(config ? [config] : [])].map(({ file, written }) => ({
    file,
    digest: digest(written),
  }))
  const files = await blobs.put(ReadableStream.from([Buffer.from(`${JSON.stringify(read, null, 1)}\n`)]), 'files.json')
  return { kind: 'local', repo: basename(root), head: { sha, files } }
}
