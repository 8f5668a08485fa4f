import type { Answer, Artifacts } from './artifacts.ts'
import { type Arrived, openDoor, type Prepared } from './door.ts'
import { type Accounts, openEmulator, tokenOf } from './emulator.ts'
import { idOf } from './events.ts'
import { type GitHost, openGitHost } from './git-http.ts'
import { identified } from './identity.ts'
import { limitsOf } from './limits.ts'
import { openGuard, parsed } from './openapi/guard.ts'
import { openPeople } from './people.ts'
import { refusal } from './permissions.ts'
import { openPulls } from './pulls.ts'
import { openRepositories } from './repositories.ts'
import { shims } from './shim/table.ts'
import { addWorkflowRun, type WorkflowRun } from './shim/workflow-runs.ts'
import { openReader } from './state.ts'
import { openTokens } from './tokens.ts'
import { type App, openDirectory, type Permissions, privateKey, type Who } from './who.ts'
import { type Ask, invalid, type Known, notFound, type Shims, type World } from './world.ts'

/** One request that GitHub would not have understood as it was meant. */
export type Violation = { readonly method: string; readonly path: string; readonly problems: readonly string[] }
export type Hub = Awaited<ReturnType<typeof openHub>>
type Options = Partial<Accounts> & {
  readonly git?: GitHost
  /** Of the API, such as /api/v3 of an Enterprise Server. */
  readonly prefix?: string
  readonly artifacts?: Artifacts
  /** Answers that a test wants to be others. */
  readonly shims?: Shims
  /** An app of ours: installed at every organisation unless `installed` says where. */
  readonly app?: { readonly slug?: string; readonly permissions: Permissions; readonly installed?: readonly string[] }
}

const everything: Permissions = {
  actions: 'write',
  checks: 'write',
  contents: 'write',
  issues: 'write',
  metadata: 'read',
  pull_requests: 'write',
  statuses: 'write',
}

/**
 * github.com for tests: an API that checks every request against GitHub's own description and limits, keeps its state in vercel's emulator
 * and in real git, and does what the emulator does not. Organisation `acme`, its admin `octocat`, its member `member`, and `stranger`
 * are there unless said otherwise.
 */
export async function openHub(options: Options = {}) {
  const { prefix = '', artifacts } = options
  const users = options.users ?? ['octocat', 'member', 'stranger']
  const orgs = options.orgs ?? { acme: { octocat: 'admin', member: 'member' } }
  const own = options.git ? undefined : await openGitHost()
  const git = options.git ?? (own as GitHost) // one of the two is there
  const guard = await openGuard()
  const violations: Violation[] = []
  const wrongAnswers: Violation[] = []
  const known = new Map<string, Known>()

  const owners = [...users, ...Object.keys(orgs)]
  const actions: App = { id: 15368, slug: 'github-actions', key: privateKey(), permissions: everything }
  const app: App = {
    id: 4711,
    slug: options.app?.slug ?? 'proctor',
    key: privateKey(),
    permissions: options.app?.permissions ?? everything,
  }
  const at = (of: App, places: readonly string[]) => ({
    app: of,
    installations: places.map((owner) => ({ id: idOf(`${of.slug}@${owner}`), owner })),
  })
  const apps = [at(actions, owners), at(app, options.app?.installed ?? Object.keys(orgs))]
  const directory = openDirectory(apps.map((one) => one.app))
  for (const login of users) directory.add(tokenOf(login), { kind: 'user', login })

  const door = await openDoor({ prefix, prepare })
  const places = { apiUrl: `${door.origin}${prefix}`, serverUrl: git.url }
  const emulator = await openEmulator({ accounts: { users, orgs }, apps, ...places })
  const people = openPeople({ known, orgs, emulator })
  const world: World = {
    ...places,
    uploadUrl: `${door.origin}${prefix === '' ? '/uploads' : '/api/uploads'}`,
    emulator,
    directory,
    artifacts,
    apps,
    known,
    orgs: new Map(Object.entries(orgs).map(([org, members]) => [org, adminOf(members)])),
    roles: people,
    pulls: openPulls(known),
    offer: door.offer,
    async forward(ask, { json, path, token } = {}) {
      const query = ask.query.size > 0 ? `?${ask.query}` : ''
      const { method, type, body } = ask
      const call = { method, path: path ?? `${ask.path}${query}`, token: token ?? ask.token, json, type, body }
      const answer = await emulator.call(call)
      return Buffer.isBuffer(answer.body) ? answer : { ...answer, body: identified(answer.body, places) }
    },
  }

  function prepare(arrived: Arrived): Prepared {
    const { method, path, query, body, type } = arrived
    const matched = guard.match(arrived)
    const { who, token } = directory.of(arrived.authorization)
    const found = type?.startsWith('application/json') ? parsed(body) : undefined
    const json = typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Ask['json']) : {} // checked beside it
    const seen = { method, path, query: query.toString(), route: matched?.route ?? `${method} ${path}`, who: nameOf(who), json }
    const isAtHome =
      matched === undefined || arrived.isUpload === (matched.route === 'POST /repos/{owner}/{repo}/releases/{release_id}/assets')
    const problems = matched
      ? [...guard.ofRequest(matched, arrived), ...limitsOf(matched.route, found), ...(isAtHome ? [] : ['sent to the wrong host'])]
      : ['no such path in the description of the API']
    if (problems.length > 0) violations.push({ method, path, problems })
    const work = async (): Promise<Answer> => {
      if (!matched || !isAtHome) return notFound()
      const { owner, repo } = matched.parameters
      const place = owner !== undefined && repo !== undefined ? known.get(`${owner}/${repo}`.toLowerCase()) : undefined
      const refused = refusal(who, { method, path, repo: place?.name }, people)
      if (refused) return refused
      if (repo !== undefined && !place) return notFound()
      if (problems.length > 0)
        return invalid(
          'Validation Failed',
          problems.map((message) => ({ code: 'custom', message })),
        )
      return worked({ ...matched, ...arrived, who, token, json, known: place })
    }
    return { seen, work }
  }

  async function worked(ask: Ask): Promise<Answer> {
    const shim = options.shims?.[ask.route] ?? shims[ask.route]
    const answer = (await shim?.(ask, world)) ?? (await world.forward(ask))
    const body = Buffer.isBuffer(answer.body) ? undefined : answer.body
    const problems = Buffer.isBuffer(answer.body) ? [] : guard.ofAnswer(ask, answer.status, body)
    if (problems.length > 0) wrongAnswers.push({ method: ask.method, path: ask.path, problems })
    return answer
  }

  return {
    ...places,
    git,
    app,
    /** Behind everything, for tests of the hub itself. */
    emulator,
    violations: violations as readonly Violation[],
    /** Of ours, that GitHub would not give. */
    wrongAnswers: wrongAnswers as readonly Violation[],
    requests: door.requests,
    fault: door.fault,
    ...openTokens({ world, actions, app }),
    ...openRepositories({ world, known, git }),
    ...openReader(world),
    /** Makes a workflow run known to the API, and its origin to the service of its artifacts. */
    workflowRun: (run: WorkflowRun) => addWorkflowRun(world, run),
    /** Gives somebody a role at a repository, beside what they are in its organisation. */
    allow: people.allow,
    [Symbol.asyncDispose]: async () => {
      await door.close()
      await emulator[Symbol.asyncDispose]()
      await own?.[Symbol.asyncDispose]()
    },
  }
}

const adminOf = (members: Accounts['orgs'][string]): string =>
  Object.entries(members).find(([, role]) => role === 'admin')?.[0] ?? 'octocat'
const nameOf = (who: Who): string => (who.kind === 'user' || who.kind === 'installation' ? who.login : who.kind)
