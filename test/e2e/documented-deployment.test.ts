import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { webhookSecret } from '../support/app.ts'
import { root } from '../support/cli.ts'
import { documented } from '../support/documented.ts'
import { freePort } from '../support/free-port.ts'
import { type Hub, openHub } from '../support/github/hub.ts'
import { appOf } from '../support/github/shim/embedded.ts'
import { placeAndCode, send } from '../support/set-up.ts'
import { there } from '../support/there.ts'

/** What docs/deploy.md says for one box, as written but for the folder, the port and where GitHub is. */
const page = 'docs/deploy.md'
const name = 'acme/agents'
const files = {
  'agents/hello/main.py': 'def run(user, **_):\n    return "please wait"\n',
  'agents/hello/agent.yaml':
    'apiVersion: proctor/v1\nkind: PythonFunction\nname: hello\nentrypoint: run\nentrypoint_file: main.py\nsource: {file: main.py}\n',
  'agents/hello/evals/first.yaml':
    'apiVersion: proctor/v1\nkind: Eval\nname: first\ndataset: first.csv\njudge: none\ngate: {min_pass_rate: 1}\nscorers: [{name: polite, type: response, contains: please}]\n',
  'agents/hello/evals/first.csv': 'user\nGreet me\n',
}
const patience = { timeout: 240_000 }
const closing = new AsyncDisposableStack()
let hub: Hub
let repo: Awaited<ReturnType<Hub['repository']>>
let data: string
let port: number
let server: Started

beforeAll(async () => {
  hub = closing.use(
    await openHub({
      shims: {
        'POST /app-manifests/{code}/conversions': ({ parameters }, world) =>
          parameters.code === 'given-once'
            ? {
                status: 201,
                body: {
                  ...appOf(hub.app, world),
                  client_id: 'Iv1.a',
                  client_secret: 'b'.repeat(40),
                  webhook_secret: webhookSecret,
                  pem: hub.app.key,
                },
              }
            : { status: 404, body: { message: 'Not Found' } },
      },
    }),
  )
  repo = await hub.repository(name, { isPrivate: true })
  const scratch = await mkdtemp(join(tmpdir(), 'proctor-deployed-'))
  chmodSync(scratch, 0o755)
  closing.defer(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }))
  data = join(scratch, 'proctor')
  port = await freePort()
}, 120_000)
afterAll(() => closing.disposeAsync(), 60_000)

type Started = { readonly child: ChildProcess; readonly said: () => string; readonly ended: Promise<number | null> }
/** A block in a shell of its own, and in an environment that has nothing of the App's. */
function start(block: string, more: Readonly<Record<string, string>> = {}): Started {
  const text = documented(page, block).replaceAll('/var/lib/proctor', data).replaceAll(':3000', `:${port}`)
  const child = spawn('bash', ['-euc', text.replace(/^(script\/\S+)/m, 'exec $1')], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: dirname(data),
      PORT: String(port),
      GITHUB_API_URL: hub.apiUrl,
      GITHUB_SERVER_URL: hub.serverUrl,
      ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let all = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (all += piece))
  const ended = new Promise<number | null>((done) => child.once('close', done))
  closing.defer(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return { child, said: () => all, ended }
}

test('the set-up, in a browser', patience, async () => {
  const setup = start('setup')
  await expect.poll(() => setup.said(), { timeout: 60_000 }).toMatch(/Open .* code there: \S+\n/)
  const { url, code } = placeAndCode(there(setup.said().split('\n')[0]))
  const first = await send(url)
  expect(first.fields).toMatchObject({ url: 'https://proctor.example.com', organisation: 'acme' })
  const begun = await send(`${url}/begin`, { ...first.fields, code })
  const [action = ''] = begun.actions
  const manifest = JSON.parse(there(begun.fields.manifest))
  expect(action).toMatch(`${hub.serverUrl}/organizations/acme/settings/apps/new?state=`)
  expect(manifest.hook_attributes.url).toBe('https://proctor.example.com/api/github/webhooks')
  // GitHub makes the App, and sends the browser back.
  const back = new URL(manifest.redirect_url)
  back.search = new URLSearchParams({ code: 'given-once', state: new URL(action).searchParams.get('state') ?? '' }).toString()
  const cookie = { cookie: begun.cookie }
  expect((await send(`${url}/finish`, (await send(back.href, undefined, cookie)).fields, cookie)).status).toBe(200)
  expect(await setup.ended).toBe(0)
  expect(setup.said()).toContain('/installations/new')
  expect(setup.said()).not.toContain(webhookSecret)
  expect(setup.said()).not.toContain('given-once')
  expect((await stat(join(data, 'app.env'))).mode & 0o777).toBe(0o600)
})

test('the server starts, and is ready', patience, async () => {
  // Where GitHub is, app.env knows.
  server = start('serve', { ...apart(), GITHUB_API_URL: '', GITHUB_SERVER_URL: '', ANTHROPIC_API_KEY: 'sk-of-a-provider' })
  await expect.poll(() => server.said(), { timeout: 120_000 }).toContain('"message":"listening"')
  const ready = start('ready')
  expect([await ready.ended, ready.said()]).toEqual([0, expect.stringContaining('ready')])
})

test('a push becomes a green check run', patience, async () => {
  hub.webhook(`http://127.0.0.1:${port}/api/github/webhooks`, webhookSecret)
  hub.install('acme')
  await hub.delivered()
  await repo.commit(files)
  const { after } = await repo.push()
  const checks = async () => (await hub.checkRuns(name, after)).map(({ name, conclusion }) => `${name}: ${conclusion}`).sort()
  await expect.poll(checks, { timeout: 180_000, interval: 500 }).toEqual(['proctor / hello / first: success', 'proctor: success'])
})

test('the worker is somebody else, with nothing of the App in its environment', async () => {
  const pid = there(server.child.pid)
  const worker = there(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
  const environment = readFileSync(`/proc/${worker}/environ`, 'utf8').split('\0')
  const words = environment.map((line) => line.split('=')[0])
  expect(words).toContain('ANTHROPIC_API_KEY')
  for (const secret of [
    webhookSecret,
    hub.app.key,
    Buffer.from(hub.app.key).toString('base64'),
    readFileSync(join(data, 'master.key'), 'utf8').trim(),
  ])
    expect(environment.join('\n')).not.toContain(secret)
  expect(words.filter((word) => /^(APP_ID|PRIVATE_KEY|WEBHOOK_SECRET|DATABASE_URL|PROCTOR_MASTER_KEY)$/.test(word ?? ''))).toEqual([])
  const status = readFileSync(`/proc/${worker}/status`, 'utf8')
  const ids = (line: string) => new RegExp(`^${line}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/).map(Number) ?? []
  if (apart().PROCTOR_WORKER_USER === undefined) {
    expect(new Set(ids('Uid'))).toEqual(new Set([65_534]))
    expect(new Set(ids('Gid'))).toEqual(new Set([statSync('/var/run/docker.sock').gid]))
    expect(ids('Groups').filter((group) => group === 0)).toEqual([])
    expect(await readable(Number(worker), join(root, 'package.json'))).toBe(true)
    // What it may not read: the key, the key of credentials, the database.
    for (const path of ['app.env', 'master.key', 'database/PG_VERSION'])
      expect(await readable(Number(worker), join(data, path)), path).toBe(false)
  }
})

test('GitHub was asked for nothing that it would not understand, and SIGTERM ends all of it', patience, async () => {
  expect(hub.violations).toEqual([])
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
})

/** A user of its own needs root, an engine that a group may speak to, and a checkout that others can get to. */
function apart(): Readonly<Record<string, string>> {
  const isOpen = (folder: string): boolean => (statSync(folder).mode & 0o001) !== 0 && (folder === '/' || isOpen(dirname(folder)))
  const isPossible =
    process.getuid?.() === 0 && statSync('/var/run/docker.sock').gid !== 0 && isOpen(root) && isOpen(dirname(process.execPath))
  return isPossible ? {} : { PROCTOR_WORKER_USER: 'same' }
}

/** Asked as the user and the group of a process. */
async function readable(pid: number, path: string): Promise<boolean> {
  const [uid, gid] = ['Uid', 'Gid'].map((line) =>
    Number(new RegExp(`^${line}:\\s*(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  )
  const child = spawn('cat', [path], { stdio: 'ignore', uid: there(uid), gid: there(gid) })
  return (await new Promise((done) => child.once('close', done))) === 0
}
