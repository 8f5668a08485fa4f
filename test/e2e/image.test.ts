import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { webhookSecret } from '../support/app.ts'
import { root } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { type Hub, openHub } from '../support/github/hub.ts'
import { release } from '../support/release.ts'

/** The image as docs/deploy.md runs it on one box. Its own base comes from a registry; here the base image of sandboxes stands in, which has Node and git too. */
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
  await expect.poll(health, { timeout: 150_000, interval: 1000 }).toBe('healthy')
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
  const repo = await hub.repository(name, { isPrivate: true })
  hub.webhook(`http://127.0.0.1:${port}/api/github/webhooks`, webhookSecret)
  hub.install('acme')
  await hub.delivered()
  await repo.commit(files)
  const { after } = await repo.push()
  const checks = async () => (await hub.checkRuns(name, after)).map(({ name, conclusion }) => `${name}: ${conclusion}`).sort()
  await expect.poll(checks, { timeout: 120_000, interval: 500 }).toEqual(['proctor / hello / first: success', 'proctor: success'])
  await docker('stop', '--time', '45', id)
  expect(await docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0')
})
