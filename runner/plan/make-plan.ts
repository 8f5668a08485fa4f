import type { Digest } from '../domain/blob.ts'
import { Problems, ProctorError } from '../domain/error.ts'
import type { Plan } from '../domain/plan.ts'
import { digest } from '../lib/digest.ts'
import { didYouMean } from '../lib/nearest.ts'
import type { World } from '../seams/world.ts'
import { balanceShards, type Shards } from './balance-shards.ts'
import type { Ungranted } from './check-grants.ts'
import { Freezer } from './freeze/freeze.ts'
import { headCommit } from './freeze/head-commit.ts'
import { askedOf } from './pull/asked.ts'
import { besideHead } from './pull/beside-head.ts'
import { readPull, type TwoTrees } from './pull/read-pull.ts'
import { namingBase } from './pull/words.ts'
import { type Package, readPackage } from './read/read-package.ts'
import { budgetOf, pricesOf, publishingOf } from './repository-words.ts'
import { settled } from './settled.ts'
import { type GateWords, type Part, type Survey, survey } from './survey.ts'
import { type AskedTrigger, triggerOf } from './trigger.ts'

/**
 * What somebody asks for. Empty lists = all. `judge` is a model or `none`; `defaultJudge` the model that the environment names; `image`
 * what every recipe begins with. `fence`: the tree around `root`, where no `.git` says what that is; files are called by where they lie in it.
 */
export type PlanRequest = {
  readonly root: string
  readonly fence?: string
  readonly agents?: readonly string[]
  readonly evals?: readonly string[]
  readonly samples?: readonly string[]
  readonly epochs?: number | undefined
  readonly judge?: string | undefined
  readonly defaultJudge?: string | undefined
  readonly image?: string
  /** What holds where the repository's configuration says nothing of grants. Default: everything. */
  readonly grants?: Ungranted
  /** Over what evals and configuration say. */
  readonly gate?: GateWords
  /** US dollars. The configuration may allow less. */
  readonly budgetUsd?: number
  /** Absent: somebody at a desk. */
  readonly trigger?: AskedTrigger
  /** The tree that `root` branched off from: it supplies everything but the agents, and `compare` says how much of them is run. */
  readonly base?: TwoTrees['base'] & { readonly compare: 'failed' | 'all' | 'none' }
  /** Whether evals that the change itself brings are run beside. */
  readonly proposals?: boolean
  readonly shards?: Shards
}
type Needed = Pick<World, 'fetcher' | 'blobs' | 'version'>

/** Reads what people wrote, fetches what it names, and freezes everything. Throws `Problems` with all that is wrong, or `package_not_found`. */
export async function makePlan(request: PlanRequest, world: Needed, signal: AbortSignal): Promise<Plan> {
  const { root, fence, base, agents = [], evals = [], judge, defaultJudge, gate, grants, epochs, image = 'proctor-base:latest' } = request
  const pull = base && (await readPull({ root, fence, base }))
  const found = pull?.decides ?? readPackage(root, { fence })
  const asked = { agents, evals }
  const looking = { rules: { judge: { flag: judge, fallback: defaultJudge }, grants, ...(gate && { gate }) }, samples: new Map() }
  const here = pull ? askedOf(found, pull, asked) : asked
  const looked = here ? await survey({ found, asked: here, ...looking }) : nothingOf(found)
  const { parts, problems } = onlySamples(looked, request.samples ?? [])
  if (problems.length > 0) throw new Problems(pull ? namingBase(problems, pull) : problems)

  const commit = request.trigger?.head ?? (await headCommit(found.fence)) ?? 'uncommitted'
  const freezing = { world, signal, around: { version: world.version, image } }
  const freezer = new Freezer({ ...freezing, found })
  const frozen = await settled(parts.map(async (part) => ({ part, batch: await freezer.freeze(part, { commit, epochs }) })))
  const more = pull && (await besideHead(frozen, { request, pull, asked, looking, freezing, freezer, commit }))
  const batches = more?.batches ?? frozen.map(({ batch }) => batch)
  const [budget, prices, publishing] = [budgetOf(found, request.budgetUsd), pricesOf(found), publishingOf(found)]
  const shards = request.shards && balanceShards(batches, request.shards)
  const deciding = { budget, batches, ...(prices && { prices }), ...(shards && { shards }) }
  return {
    id: planId(deciding),
    trigger: await triggerOf(request.trigger, { found, pull, commit, world }),
    ...deciding,
    ...(publishing && { publishing }),
    warnings: [...new Set([...(more?.warnings ?? []), ...looked.warnings, ...freezer.warnings])],
  }
}

/** Everything that decides what runs and how it is judged; where the files lie and what the commit is called does not. Keys cover the runs' content. */
function planId({ batches, ...rest }: Pick<Plan, 'batches' | 'budget' | 'prices' | 'shards'>): Digest {
  const parts = batches.map(({ eval: name, agent, gate, runs, proposed, base }) => ({
    eval: name,
    agent,
    gate,
    proposed,
    base: base && { samples: base.samples, same: base.same },
    runs: runs.map(({ id, keys }) => ({ id, keys })),
  }))
  return digest({ ...rest, batches: parts })
}

const nothingOf = (found: Package): Survey => ({ found, parts: [], problems: found.problems, warnings: [] })

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
