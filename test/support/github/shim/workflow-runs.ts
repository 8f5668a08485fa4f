import { idOf, stamp } from '../events.ts'
import { accountOf } from '../identity.ts'
import { gitOf } from '../mirror.ts'
import { type Json, notFound, paged, type Shim, type Shims, type World } from '../world.ts'
import { shaOf } from './compare.ts'
import { pullsOf, repositoryOf } from './embedded.ts'

/** A workflow run as a test says that there was one; the emulator can only make runs that it was asked to dispatch. */
export type WorkflowRun = {
  readonly repo: string
  readonly id: number
  readonly headSha: string
  readonly headBranch: string
  /** Of a fork: owner/name. */
  readonly headRepo?: string
  readonly event?: string
  readonly attempt?: number
  readonly status?: 'queued' | 'in_progress' | 'completed'
  readonly conclusion?: string | null
  readonly path?: string
  readonly actor?: string
}
const repo = '/repos/{owner}/{repo}'

const one: Shim = async (ask, world) => {
  const run = runsOf(world).find(({ id, repo }) => id === Number(ask.parameters.run_id) && repo === ask.known?.name)
  return run ? { status: 200, body: await shown(run, world) } : notFound()
}

const list: Shim = async (ask, world) => {
  const is = (name: string, value: unknown) => ask.query.get(name) === null || ask.query.get(name) === value
  const found = runsOf(world)
    .filter((run) => run.repo === ask.known?.name)
    .filter(({ headBranch, headSha, event = 'push', status = 'completed', conclusion = 'success', actor = 'octocat' }) => {
      const isState = is('status', status) || is('status', conclusion)
      return is('branch', headBranch) && is('head_sha', headSha) && is('event', event) && isState && is('actor', actor)
    })
    .toReversed()
  const { items, headers } = paged(found, ask, world.apiUrl)
  return {
    status: 200,
    headers,
    body: { total_count: found.length, workflow_runs: await Promise.all(items.map((run) => shown(run, world))) },
  }
}

/** The service that jobs upload to keeps them. */
const artifacts: Shim = (ask, { artifacts: kept, apiUrl }) => kept?.rest(ask.method, ask.path, ask.query, apiUrl)

export const workflowRuns: Shims = {
  [`GET ${repo}/actions/runs`]: list,
  [`GET ${repo}/actions/workflows/{workflow_id}/runs`]: list,
  [`GET ${repo}/actions/runs/{run_id}`]: one,
  [`GET ${repo}/actions/runs/{run_id}/attempts/{attempt_number}`]: one,
  [`GET ${repo}/actions/artifacts`]: artifacts,
  [`GET ${repo}/actions/artifacts/{artifact_id}`]: artifacts,
  [`GET ${repo}/actions/artifacts/{artifact_id}/{archive_format}`]: artifacts,
  [`GET ${repo}/actions/runs/{run_id}/artifacts`]: artifacts,
}

const memory = new WeakMap<World, WorkflowRun[]>()
function runsOf(world: World): WorkflowRun[] {
  const runs = memory.get(world) ?? []
  memory.set(world, runs)
  return runs
}

/** Makes a workflow run known, also to the service of its artifacts; one with the same number replaces it. */
export function addWorkflowRun(world: World, run: WorkflowRun): void {
  const runs = runsOf(world)
  const at = runs.findIndex(({ id }) => id === run.id)
  runs.splice(at < 0 ? runs.length : at, at < 0 ? 0 : 1, run)
  world.artifacts?.describe({
    id: run.id,
    repositoryId: idOf(run.repo),
    headRepositoryId: idOf(run.headRepo ?? run.repo),
    headBranch: run.headBranch,
    headSha: run.headSha,
  })
}

async function shown(run: WorkflowRun, world: World): Promise<Json> {
  const { id, headSha, headBranch, headRepo = run.repo, event = 'push', attempt = 1, actor = 'octocat' } = run
  const url = `${world.apiUrl}/repos/${run.repo}/actions/runs/${id}`
  const person = accountOf(actor, 'User', world)
  const status = run.status ?? 'completed'
  return {
    id,
    name: 'proctor',
    node_id: `WFR_${id}`,
    head_branch: headBranch,
    head_sha: headSha,
    path: run.path ?? '.github/workflows/proctor.yml',
    display_title: 'a change',
    run_number: id,
    run_attempt: attempt,
    event,
    status,
    conclusion: status === 'completed' ? (run.conclusion ?? 'success') : null,
    workflow_id: idOf(run.path ?? 'proctor.yml'),
    check_suite_id: id,
    check_suite_node_id: `CS_${id}`,
    url,
    html_url: `${world.serverUrl}/${run.repo}/actions/runs/${id}`,
    pull_requests: headRepo === run.repo ? pullsOf(run, world) : [],
    created_at: stamp,
    updated_at: stamp,
    run_started_at: stamp,
    actor: person,
    triggering_actor: person,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${world.apiUrl}/repos/${run.repo}/check-suites/${id}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: null,
    workflow_url: `${world.apiUrl}/repos/${run.repo}/actions/workflows/1`,
    head_commit: commitOf(run, world),
    repository: await repositoryOf(run.repo, world),
    head_repository: await repositoryOf(headRepo, world),
  }
}

function commitOf({ repo, headRepo = repo, headSha }: WorkflowRun, world: World): Json | null {
  const holders = [headRepo, repo].flatMap((name) => world.known.get(name.toLowerCase()) ?? [])
  const place = holders.find((known) => shaOf(known, headSha, world) !== undefined)
  if (!place) return null
  const format = '--format=%T%n%cI%n%an%n%ae%n%s'
  const [tree, date, name, email, message] = gitOf(place.git.bare)('show', '-s', format, headSha).split('\n')
  return { id: headSha, tree_id: tree, message, timestamp: date, author: { name, email }, committer: { name, email } }
}
