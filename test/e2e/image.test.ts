import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { webhookSecret } from '../support/app.ts'
import { root } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { type Hub, openHub } from '../support/github/hub.ts'
import { execute, ownCluster } from '../support/postgres.ts'
import { release } from '../support/release.ts'
import { there } from '../support/there.ts'

/** The image as docs/deploy.md runs it on one box. Its own base comes from a registry; here the base image of sandboxes stands in, which has Node and git too. */
const files = {
  'agents/hello/main.py': 'def run(user, **_):\n    return "please wait"\n',
  'agents/hello/agent.yaml':
    'apiVersion: proctor/v1\nkind: PythonFunction\nname: hello\nentrypoint: run\nentrypoint_file: main.py\nsource: {file: main.py}\n',
  'agents/hello/evals/first.yaml':
    'apiVersion: proctor/v1\nkind: Eval\nname: first\ndataset: first.csv\njudge: none\ngate: {min_pass_rate: 1}\nscorers: [{name: polite, type: response, contains: please}]\n',
  'agents/hello/evals/first.csv': 'user\nGreet me\n',
}
/** Nothing here is fast while other tests have the machine. */
const patience = { timeout: 600_000 }
const healthy = { timeout: 280_000, interval: 1000 }
const closing = new AsyncDisposableStack()
const docker = async (...args: readonly string[]) => (await promisify(execFile)('docker', [...args])).stdout.trim()
const tag = `proctor-image-test-${process.pid}`
let hub: Hub
let scratch: string
let port: number

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'proctor-image-'))
  await chmod(scratch, 0o755)
  closing.defer(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }))
  const context = join(scratch, 'context')
  await cp(await release(), context, { recursive: true })
  for (const file of ['Dockerfile', '.dockerignore']) await cp(join(root, file), join(context, file))
  await docker('build', '--quiet', '--build-arg', 'FROM=proctor-base:latest', '--tag', tag, context)
  closing.defer(async () => void (await docker('image', 'rm', '--force', tag)))
  hub = closing.use(await openHub())
  port = await freePort()
}, 600_000)
afterAll(() => closing.disposeAsync(), 120_000)

async function becomesGreen(name: string, port: number): Promise<void> {
  const repo = await hub.repository(name, { isPrivate: true })
  hub.webhook(`http://127.0.0.1:${port}/api/github/webhooks`, webhookSecret)
  hub.install('acme')
  await hub.delivered()
  await repo.commit(files)
  const { after } = await repo.push()
  const checks = async () => (await hub.checkRuns(name, after)).map(({ name, conclusion }) => `${name}: ${conclusion}`).sort()
  await expect.poll(checks, { timeout: 240_000, interval: 500 }).toEqual(['proctor / hello / first: success', 'proctor: success'])
}

test('it holds what runs, and nothing of the checkout around it', patience, async () => {
  const within = await docker(
    'run',
    '--rm',
    '--entrypoint',
    'sh',
    tag,
    '-c',
    'id -un; ls -A /opt/proctor; ls /opt/proctor/dist | grep -c action; ls -ld /var/lib/proctor',
  )
  expect(within.split('\n')).toEqual([
    'proctor-web',
    ...['.node-version', 'app.yml', 'dist', 'images', 'package.json', 'scenarios', 'schemas'],
    '0',
    expect.stringMatching(/^drwxrws--- .* proctor-web proctor /),
  ])
  const environment = await docker('image', 'inspect', '--format', '{{json .Config.Env}}', tag)
  expect(JSON.parse(environment)).toEqual(expect.arrayContaining(['NODE_ENV=production']))
})

test('it refuses to start without an App, and says what to do', patience, async () => {
  const ended = await docker('run', '--rm', tag).catch((error: { readonly code: number; readonly stderr: string }) => error)
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('proctor serve --setup') })
})

test('everything in one container: healthy, and a push becomes a green check run', patience, async () => {
  const data = join(scratch, 'data')
  for (const folder of [data, join(scratch, 'tmp')]) await mkdir(folder)
  await chmod(join(scratch, 'tmp'), 0o1777)
  const app = { APP_ID: String(hub.app.id), PRIVATE_KEY: Buffer.from(hub.app.key).toString('base64'), WEBHOOK_SECRET: webhookSecret }
  const where = { GITHUB_API_URL: hub.apiUrl, GITHUB_SERVER_URL: hub.serverUrl }
  const lines = Object.entries({ ...app, ...where }).map(([key, value]) => `${key}=${value}\n`)
  await writeFile(join(data, 'app.env'), lines.join(''), { mode: 0o600 })
  const isApart = (await stat('/var/run/docker.sock')).gid !== 0
  const variables = {
    TMPDIR: join(scratch, 'tmp'),
    PROCTOR_DATA: data,
    HOST: '127.0.0.1',
    PORT: String(port),
    ...(isApart ? {} : { PROCTOR_WORKER_USER: 'same' }),
  }
  const id = await docker(
    ...['run', '--detach', '--init', '--user', 'root', '--pid', 'host', '--hostname', 'proctor', '--network', 'host'],
    ...['--volume', `${scratch}:${scratch}`, '--volume', '/var/run/docker.sock:/var/run/docker.sock'],
    ...Object.entries(variables).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    tag,
  )
  closing.defer(async () => void (await docker('rm', '--force', id)))
  const health = () => docker('inspect', '--format', '{{.State.Health.Status}}', id)
  await expect.poll(health, healthy).toBe('healthy')
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
  await becomesGreen('acme/agents', port)
  await docker('stop', '--time', '45', id)
  expect(await docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0')
})

const Service = z.object({
  command: z.array(z.string()).optional(),
  user: z.string().optional(),
  pid: z.string().optional(),
  hostname: z.string().optional(),
  group_add: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
})

/** There is no compose here: each service is started as compose would, on the machine's network and with a database beside it. */
test.skipIf(statSync('/var/run/docker.sock').gid === 0)('web and worker of compose.yaml, as two users', patience, async () => {
  const place = join(scratch, 'composed')
  const cluster = closing.use(await ownCluster())
  await chmod(cluster.folder, 0o711)
  await execute(cluster.url('postgres'), 'CREATE ROLE proctor SUPERUSER LOGIN', 'CREATE DATABASE proctor OWNER proctor')
  const url = (login: string) => cluster.url('proctor').replace('postgres@', `${login}@`)
  // As docs/deploy.md has it.
  const folders = [...documentedFolders(place)]
  for (const { path, mode, owner } of folders) {
    await mkdir(path)
    if (owner) await chown(path, ...owner)
    await chmod(path, mode)
  }
  const app = { APP_ID: String(hub.app.id), PRIVATE_KEY: Buffer.from(hub.app.key).toString('base64'), WEBHOOK_SECRET: webhookSecret }
  const where = { GITHUB_API_URL: hub.apiUrl, GITHUB_SERVER_URL: hub.serverUrl }
  const file = join(place, 'app.env')
  await writeFile(
    file,
    Object.entries({ ...app, ...where })
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
    { mode: 0o600 },
  )
  await chown(file, 10_001, 10_000)
  const port = await freePort()
  const { services } = z
    .object({ services: z.record(z.string(), Service) })
    .parse(parse(await readFile(join(root, 'compose.yaml'), 'utf8'), { merge: true }))
  const optionsOf = (
    { user, pid, hostname, group_add, environment, volumes }: z.output<typeof Service>,
    more: Readonly<Record<string, string>>,
  ) => [
    ...['--network', 'host', '--init', '--volume', `${cluster.folder}:${cluster.folder}`],
    ...(user ? ['--user', user] : []),
    ...(pid ? ['--pid', pid] : []),
    ...(hostname ? ['--hostname', `${hostname}-${process.pid}`] : []),
    ...group_add.flatMap(() => ['--group-add', String(statSync('/var/run/docker.sock').gid)]),
    ...volumes.flatMap((volume) => ['--volume', volume.replaceAll('/var/lib/proctor', place)]),
    ...Object.entries({ PROCTOR_DATA: place, ...environment, ...more }).flatMap(([key, value]) => [
      '--env',
      `${key}=${value.replaceAll('/var/lib/proctor', place)}`,
    ]),
  ]
  const [web, worker] = [there(services.web), there(services.worker)]
  const webVariables = {
    DATABASE_URL: url('proctor'),
    PROCTOR_MASTER_KEY: 'a passphrase of this test',
    HOST: '127.0.0.1',
    PORT: String(port),
  }
  const allow = promisify(execFile)('docker', [
    'run',
    '--rm',
    '--interactive',
    ...optionsOf(web, webVariables),
    tag,
    'workers',
    'allow',
    'worker_one',
  ])
  allow.child.stdin?.end('a-password-of-a-worker\n')
  expect((await allow).stderr).toBe('allowed worker_one\n')
  const start = async (service: z.output<typeof Service>, more: Readonly<Record<string, string>>) => {
    const id = await docker('run', '--detach', ...optionsOf(service, more), tag, ...(service.command ?? []))
    closing.defer(async () => void (await docker('rm', '--force', id)))
    return id
  }
  const ids = { web: await start(web, webVariables), worker: '' }
  await expect.poll(() => docker('inspect', '--format', '{{.State.Health.Status}}', ids.web), healthy).toBe('healthy')
  ids.worker = await start(worker, { DATABASE_URL: url('worker_one') })
  await becomesGreen('acme/others', port)
  const look = (path: string) => docker('exec', ids.worker, 'sh', '-c', `cat ${path} 2>&1 || true`)
  expect(await look(file)).toMatch(/No such file|Permission denied/)
  const pid = await docker('inspect', '--format', '{{.State.Pid}}', ids.web)
  expect(await look(`/proc/${pid}/environ`)).toMatch(/Permission denied/)
  for (const id of [ids.worker, ids.web]) await docker('stop', '--time', '45', id)
})

/** What `install -d` makes on the page, one after the other. */
function* documentedFolders(place: string) {
  const [, page = ''] = /## Containers([\s\S]*?)## Many machines/.exec(readFileSync(join(root, 'docs/deploy.md'), 'utf8')) ?? []
  for (const [, mode = '', uid, gid, paths = ''] of page.matchAll(/^install -d -m (\d+)(?: -o (\d+) -g (\d+))? (.*)$/gm))
    for (const path of paths.split(' '))
      yield {
        path: path.replace('/var/lib/proctor', place),
        mode: Number.parseInt(mode, 8),
        owner: uid && gid ? ([Number(uid), Number(gid)] as const) : undefined,
      }
}
