import type { Artifacts } from './artifacts.ts'
import { openDoor } from './door.ts'
import { type Accounts, openEmulator, tokenOf } from './emulator.ts'
import { idOf } from './events.ts'
import { type GitHost, openGitHost } from './git-http.ts'
import { identified } from './identity.ts'
import { openInstallations } from './installations.ts'
import { openGuard } from './openapi/guard.ts'
import { openPeople } from './people.ts'
import { openPeopleDo } from './people-do.ts'
import { refusal } from './permissions.ts'
import { openPipeline, type Violation } from './pipeline.ts'
import { openPulls } from './pulls.ts'
import { openRepositories } from './repositories.ts'
import { addWorkflowRun, type WorkflowRun } from './shim/workflow-runs.ts'
import { openReader } from './state.ts'
import { openTokens } from './tokens.ts'
import { openHooks } from './webhooks/hooks.ts'
import { toldTo } from './webhooks/payload.ts'
import { type App, openDirectory, type Permissions, privateKey } from './who.ts'
import type { Json, Known, Shims, World } from './world.ts'

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

  const { violations, wrongAnswers, prepare, inside } = openPipeline({ guard, world: () => world, own: options.shims })
  const hooks = openHooks(app)
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
    hooks,
    absent: new Set(),
    isWatched: hooks.isSet,
    tell: (happening) => hooks.tell(toldTo(app, happening, world)),
    async look(path) {
      const owner = path.split('/')[2] ?? ''
      const { status, body } = await inside({ method: 'GET', path, token: tokenOf(world.orgs.get(owner) ?? owner) })
      if (status !== 200) throw new Error(`${path} is not there: ${status}`)
      return body as Json // as the description has it
    },
    async forward(ask, { json, path, token } = {}) {
      const query = ask.query.size > 0 ? `?${ask.query}` : ''
      const { method, type, body } = ask
      const call = { method, path: path ?? `${ask.path}${query}`, token: token ?? ask.token, json, type, body }
      const answer = await emulator.call(call)
      return Buffer.isBuffer(answer.body) ? answer : { ...answer, body: identified(answer.body, places) }
    },
  }

  // A token opens in git what it opens in the API, and as long.
  git.ask((token, repo) => {
    const { who } = directory.of(`Bearer ${token}`)
    const read = { method: 'GET', path: `/repos/${repo}/contents/`, repo: known.get(repo.toLowerCase())?.name }
    return who.kind === 'stale' ? undefined : read.repo !== undefined && refusal(who, read, people) === undefined
  })

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
    ...openRepositories({ world, known, git, inside }),
    ...openInstallations(world, app),
    /** Does what people do on the site. */
    asUser: openPeopleDo({ world, inside }),
    /** Tells the app what happens from now on, signed with the secret. */
    webhook: (url: string, secret: string, events?: readonly string[]) => hooks.set({ url, secret, ...(events && { events }) }),
    /** Something of the test's own making. */
    tell: world.tell,
    deliveries: hooks.deliveries,
    /** Until all that happened was told. */
    delivered: hooks.settled,
    ...openReader({ world, inside }),
    /** Makes a workflow run known to the API, and its origin to the service of its artifacts. */
    workflowRun: (run: WorkflowRun) => addWorkflowRun(world, run),
    /** Gives somebody a role at a repository, beside what they are in its organisation. */
    allow: people.allow,
    [Symbol.asyncDispose]: async () => {
      await hooks.close()
      await door.close()
      await emulator[Symbol.asyncDispose]()
      await own?.[Symbol.asyncDispose]()
    },
  }
}

const adminOf = (members: Accounts['orgs'][string]): string =>
  Object.entries(members).find(([, role]) => role === 'admin')?.[0] ?? 'octocat'
