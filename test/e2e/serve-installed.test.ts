import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { webhookSecret } from '../support/app.ts'
import { type Hub, openHub } from '../support/github/hub.ts'
import { release } from '../support/release.ts'

/** What people install, without node_modules and away from the sources. */
const closing = new AsyncDisposableStack()
let hub: Hub
let scratch: string
let child: ChildProcess
let url: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'proctor-installed-'))
  closing.defer(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }))
  await cp(await release(), join(scratch, 'proctor'), { recursive: true })
  hub = closing.use(await openHub())
  child = spawn(process.execPath, [join(scratch, 'proctor/dist/proctor.js'), 'serve', '--slots', '1'], {
    cwd: scratch,
    env: {
      PATH: process.env.PATH,
      HOME: scratch,
      APP_ID: String(hub.app.id),
      PRIVATE_KEY: hub.app.key,
      WEBHOOK_SECRET: webhookSecret,
      GITHUB_API_URL: hub.apiUrl,
      GITHUB_SERVER_URL: hub.serverUrl,
      PROCTOR_DATA: join(scratch, 'data'),
      PROCTOR_WORKER_USER: 'same',
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  closing.defer(async () => {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await ended
  })
  const heard = Promise.withResolvers<string>()
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
    const [, found] = /"url":"(http:[^"]+)"/.exec(said) ?? []
    if (found !== undefined) heard.resolve(found)
  })
  child.once('exit', (code) => heard.reject(new Error(`it ended with ${code}: ${said}`)))
  url = await heard.promise
}, 600_000)
afterAll(() => closing.disposeAsync(), 60_000)

test('the embedded database is there, made of the empty one that came along, and it is ready', async () => {
  expect(await readdir(join(scratch, 'proctor/dist'))).toContain('empty-database.tar.gz')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

test('GitHub’s first delivery is taken, and a forged one is not', async () => {
  const body = '{"zen":"Keep it logically awesome.","hook_id":1}'
  const ping = (secret: string) =>
    fetch(`${url}/api/github/webhooks`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'ping',
        'x-github-delivery': '11111111-1111-4111-8111-111111111111',
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
    })
  expect((await ping(webhookSecret)).status).toBe(200)
  expect((await ping('another secret of sixteen')).status).toBe(400)
})
