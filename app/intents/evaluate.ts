import { Problems, type ProctorError } from '../../runner/domain/error.ts'
import type { Intent, Occasion, Repo } from '../events/intent.ts'
import type { GitHubOf } from '../github-door.ts'
import { errorLine } from '../store/error-line.ts'
import type { Evaluation, NewEvaluation } from '../store/evaluations.ts'
import { everyAgent } from '../store/github/agents.ts'
import { decide, type Wanted } from '../triggers/decide.ts'
import { type RepoConfig, readConfig } from '../triggers/read-config.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import { sayNotEvaluated } from './not-evaluated.ts'
import { type Target, targetOf } from './target.ts'
import { breakTie } from './tie.ts'

type Asked = Extract<Intent, { kind: 'evaluate' }> & { readonly delivery?: string; readonly happenedAt?: Date }
/** What became of it, for the delivery's note. */
export type Outcome = { readonly evaluation?: string; readonly note: string }

/** Looks at a commit, if the base's configuration wants that; what it takes the place of is cancelled. Asked twice, it does it once. */
export async function evaluate({ repo, occasion, delivery, happenedAt }: Asked, world: WebWorld): Promise<Outcome> {
  const { store, clients, door } = world
  const github = await clients.of(repo)
  const defaultBranch = repo.defaultBranch ?? (await store.installations.repo(repo.id))?.defaultBranch ?? undefined
  if (defaultBranch === undefined) return { note: 'the default branch is not known' }
  const target = await targetOf(occasion, { repo, defaultBranch, github, door })
  if (!target) return { note: 'the tag is gone, or stands for no commit' }
  const config = await configOf({ repo, target, github, world })
  const decision = decide(occasion, 'problems' in config ? undefined : config.found?.value.triggers, defaultBranch)
  if ('skip' in decision) {
    if (decision.told) await sayNotEvaluated({ repo, sha: target.head, why: decision.skip }, { github, world })
    return { note: decision.skip }
  }
  const made = await make({ repo, target, wanted: decision.evaluate, config, delivery, happenedAt }, { github, world })
  if (target.tag !== undefined)
    await release(
      {
        repo,
        target: { ...target, tag: target.tag },
        evaluation: made,
        wanted: decision.evaluate,
        occasion,
      },
      world,
    )
  return { evaluation: made.id, note: `evaluation ${made.id}` }
}

export type Config = { readonly found: RepoConfig | undefined } | { readonly problems: readonly ProctorError[] }

/** The configuration that holds for a target, or all that is wrong with it. */
export async function configOf({
  repo,
  target,
  github,
  world,
}: {
  repo: Repo
  target: Target
  github: GitHubOf
  world: WebWorld
}): Promise<Config> {
  try {
    const read = async (place: { owner: string; name: string }, path: string, ref?: string) =>
      world.door.readFile(await clientFor(place, { repo, github, world }), fullName(place), path, ref)
    return { found: await readConfig(read, { ...repo, ...(target.config === undefined ? {} : { base: target.config }) }) }
  } catch (error) {
    if (error instanceof Problems) return { problems: error.all }
    throw error
  }
}

/** A repository's token opens no other; that of the organisation is asked for with its own, or as the public sees it. */
async function clientFor(
  { owner, name }: { readonly owner: string; readonly name: string },
  { repo, github, world }: { readonly repo: Repo; readonly github: GitHubOf; readonly world: WebWorld },
): Promise<GitHubOf> {
  const other = name === repo.name ? undefined : await world.store.installations.repoNamed(owner, name)
  return other ? world.clients.of({ id: other.id, installation: other.installationId }) : github
}

type Making = {
  readonly repo: Repo
  readonly target: Target
  readonly wanted: Wanted
  readonly config: Config
  readonly delivery: string | undefined
  readonly happenedAt: Date | undefined
}

const priorities = { merge_group: 12, pull_request: 10, tag: 5, push: 0 } as const

/** One that was cancelled is no answer: what is asked for again is made again. */
async function make(
  { delivery, happenedAt, ...of }: Making,
  at: { readonly github: GitHubOf; readonly world: WebWorld },
): Promise<Evaluation> {
  const { store } = at.world
  const { target, wanted } = of
  for (let again = 1; ; again++) {
    const { evaluation, tied } = await store.evaluations.create({
      ...askedOf(of),
      kind: target.kind,
      priority: priorities[target.kind],
      dedupe: `${same(target, wanted)}${again > 1 ? `~${again}` : ''}`,
      ...(happenedAt && { happenedAt }),
      ...(delivery !== undefined && { deliveryId: delivery }),
    })
    if (tied.length > 0) await breakTie([evaluation, ...tied], of, at)
    if (evaluation.state !== 'cancelled' || evaluation.deliveryId === delivery || again === 100) return evaluation
  }
}

/** An evaluation of a target, whoever asks for it. One of a fork waits for somebody's approval; one that nobody can read the configuration of is at its end. */
export function askedOf({ repo, target, wanted, config }: Pick<Making, 'repo' | 'target' | 'wanted' | 'config'>) {
  const { pull } = target
  const isFork = pull !== undefined && pull.headRepo !== repo.id
  const isBroken = 'problems' in config
  const shared = 'found' in config ? config.found?.shared : undefined
  return {
    repoId: repo.id,
    installationId: repo.installation,
    organisation: repo.owner.toLowerCase(),
    headSha: target.head,
    defaultBranch: target.isDefault,
    trust: isFork ? 'fork' : 'trusted',
    state: isBroken ? 'concluding' : isFork ? 'waiting' : 'queued',
    ...(isBroken && { errors: config.problems.map(errorLine) }),
    request: {
      ...(wanted.evals.length > 0 && { evals: wanted.evals }),
      ...(wanted.agents.length > 0 && { agents: wanted.agents }),
      ...(shared !== undefined && { config: shared }),
    },
    supersedes: target.group,
    ref: target.ref,
    ...(target.base !== undefined && { baseSha: target.base }),
    ...(target.tag !== undefined && { tag: target.tag }),
    ...(pull && { pull: pull.number, pullAuthor: pull.author, ...(pull.headRepo !== undefined && { headRepoId: pull.headRepo }) }),
  } satisfies Partial<NewEvaluation>
}

/** A push, its tag and its release are one batch when they ask for the same; a pull request's is compared with its base, so it is its own. */
function same({ kind, head, base, pull }: Target, { evals, agents }: Wanted): string {
  const asked = `${[...agents].sort().join() || 'all'}:${[...evals].sort().join() || 'all'}`
  if (kind === 'pull_request') return `pull:${pull?.number}:${head}:${base}:${asked}`
  return kind === 'merge_group' ? `queue:${head}:${base}` : `commit:${head}:${asked}`
}

type Released = {
  readonly repo: Repo
  readonly target: Target & { readonly tag: string }
  readonly evaluation: Evaluation
  readonly wanted: Wanted
  readonly occasion: Occasion
}

/** What was released is remembered, and its release is told the verdict, whichever evaluation of the commit has it. */
async function release({ repo, target, evaluation, wanted, occasion }: Released, { store }: WebWorld): Promise<void> {
  const { tag, head: commit } = target
  const publishedAt = occasion.at === 'tag' ? occasion.publishedAt : undefined
  const version = { repoId: repo.id, tag, commit, evaluationId: evaluation.id, ...(publishedAt && { publishedAt }) }
  for (const slug of wanted.agents.length > 0 ? wanted.agents : [everyAgent]) await store.agents.release({ ...version, slug })
  // A tag alone has no notes; when its release is published, that is another delivery.
  if (occasion.at !== 'tag' || !occasion.isRelease) return
  await store.outbox.post([
    { kind: 'release', key: `release:${repo.id}:${tag}:${commit}`, payload: { tag, commit }, evaluationId: evaluation.id },
  ])
  // It may have ended long ago.
  await store.queue.send('publish', { evaluation: evaluation.id }, { singletonKey: evaluation.id })
}
