import type { Answer } from '../artifacts.ts'
import type { Ask, Json, World } from '../world.ts'
import type { Happening } from './payload.ts'

/** What a request that succeeded makes happen. `earlier` = what its path held before. */
type Change = (ask: Ask, made: Json, world: World, earlier: Json) => Promise<readonly Happening[]> | readonly Happening[]

const repo = '/repos/{owner}/{repo}'
const placeOf = (ask: Ask) => ({ repo: ask.known?.name ?? '', sender: senderOf(ask) })
export const senderOf = ({ who }: Pick<Ask, 'who'>): string => (who.kind === 'user' || who.kind === 'installation' ? who.login : 'ghost')

type PullPlace = { readonly repo: string; readonly number: number; readonly sender: string; readonly more?: Json }
/** `pull_request`, as it is now. */
export async function pullHappening(world: World, action: string, { repo, number, sender, more = {} }: PullPlace): Promise<Happening> {
  const pull = await world.look(`/repos/${repo}/pulls/${number}`)
  // The emulator does not see that something happened to it.
  const updated_at = new Date().toISOString().replace(/\.\d+/, '')
  return { event: 'pull_request', action, repo, sender, body: { number, pull_request: { ...pull, updated_at }, ...more } }
}

const opened: Change = async (ask, made, world) => [await pullHappening(world, 'opened', { ...placeOf(ask), number: Number(made.number) })]

const pullChanged: Change = async (ask, made, world, earlier) => {
  const actions = [
    ...(earlier.state !== made.state ? [made.state === 'closed' ? 'closed' : 'reopened'] : []),
    ...(earlier.draft === true && made.draft === false ? ['ready_for_review'] : []),
    ...(earlier.draft === false && made.draft === true ? ['converted_to_draft'] : []),
  ]
  return Promise.all(actions.map((action) => pullHappening(world, action, { ...placeOf(ask), number: Number(made.number) })))
}

const labeled: Change = async (ask, made, world, earlier) => {
  const number = Number(ask.parameters.issue_number)
  const had = new Set((earlier as unknown as readonly Json[]).map?.(({ name }) => name))
  const fresh = (made as unknown as readonly Json[]).filter(({ name }) => !had.has(name)) // a list of labels, both
  if (!world.pulls.of(placeOf(ask).repo, number)) return []
  return Promise.all(fresh.map((label) => pullHappening(world, 'labeled', { ...placeOf(ask), number, more: { label } })))
}

async function commentHappening(
  ask: Ask,
  world: World,
  { action, comment, more = {} }: { readonly action: string; readonly comment: Json; readonly more?: Json },
): Promise<Happening> {
  const number = Number(String(comment.issue_url).split('/').at(-1))
  const place = placeOf(ask)
  const issue = await world.look(`/repos/${place.repo}/issues/${number}`)
  return {
    event: 'issue_comment',
    action,
    ...place,
    body: { issue, comment, ...more },
  }
}
const commented: Change = async (ask, made, world) => [await commentHappening(ask, world, { action: 'created', comment: made })]
const edited: Change = async (ask, made, world, earlier) =>
  earlier.body === made.body
    ? []
    : [await commentHappening(ask, world, { action: 'edited', comment: made, more: { changes: { body: { from: earlier.body } } } })]
const removed: Change = async (ask, _made, world, earlier) => [await commentHappening(ask, world, { action: 'deleted', comment: earlier })]

const release = (ask: Ask, action: string, made: Json, more: Json = {}): Happening => ({
  event: 'release',
  action,
  ...placeOf(ask),
  body: { release: { ...made, name: made.name ?? '', body: made.body ?? '' }, ...more },
})
const released: Change = (ask, made) =>
  made.draft
    ? [release(ask, 'created', made)]
    : ['created', 'published', made.prerelease ? 'prereleased' : 'released'].map((action) => release(ask, action, made))
const releaseChanged: Change = (ask, made, _world, earlier) =>
  earlier.draft === true && made.draft === false
    ? ['published', made.prerelease ? 'prereleased' : 'released'].map((action) => release(ask, action, made))
    : [release(ask, 'edited', made, { changes: earlier.body === made.body ? {} : { body: { from: earlier.body ?? '' } } })]

const checkRun = (ask: Ask, action: string, made: Json): Happening => ({
  event: 'check_run',
  action,
  ...placeOf(ask),
  body: { check_run: checkRunBody(made) },
})
const checked: Change = (ask, made) =>
  ['created', ...(made.status === 'completed' ? ['completed'] : [])].map((action) => checkRun(ask, action, made))
const checkChanged: Change = (ask, made, _world, earlier) =>
  earlier.status !== 'completed' && made.status === 'completed' ? [checkRun(ask, 'completed', made)] : []

/** In webhooks the suite of a check run is whole. */
export function checkRunBody(run: Json): Json {
  const { check_suite: suite } = run as { check_suite: Json } // as the description has it
  return {
    ...run,
    check_suite: checkSuiteBody({
      status: run.status,
      conclusion: run.conclusion,
      ...suite,
      head_sha: run.head_sha,
      app: run.app,
      pull_requests: run.pull_requests,
    }),
  }
}
export const checkSuiteBody = (suite: Json): Json => ({
  before: null,
  created_at: '2026-11-24T12:00:00Z',
  updated_at: '2026-11-24T12:00:00Z',
  ...suite,
  after: suite.head_sha,
})

const changes: Readonly<Record<string, Change>> = {
  [`POST ${repo}/pulls`]: opened,
  [`PATCH ${repo}/pulls/{pull_number}`]: pullChanged,
  [`POST ${repo}/issues/{issue_number}/labels`]: labeled,
  [`POST ${repo}/issues/{issue_number}/comments`]: commented,
  [`PATCH ${repo}/issues/comments/{comment_id}`]: edited,
  [`DELETE ${repo}/issues/comments/{comment_id}`]: removed,
  [`POST ${repo}/releases`]: released,
  [`PATCH ${repo}/releases/{release_id}`]: releaseChanged,
  [`POST ${repo}/check-runs`]: checked,
  [`PATCH ${repo}/check-runs/{check_run_id}`]: checkChanged,
}

/** Does the work, and tells whoever wants to know what it changed. */
export async function announced(ask: Ask, world: World, work: () => Promise<Answer>): Promise<Answer> {
  const change = changes[ask.route]
  if (!change || !world.isWatched()) return work()
  // Of what is not there the work says so.
  const earlier = ask.method === 'POST' && !ask.path.endsWith('/labels') ? {} : await world.look(ask.path).catch(() => undefined)
  const answer = await work()
  if (earlier === undefined) return answer
  if (answer.status < 300) for (const happening of await change(ask, (answer.body ?? {}) as Json, world, earlier)) world.tell(happening) // a body of success
  return answer
}
