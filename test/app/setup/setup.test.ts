import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readWebSettings } from '../../../app/settings.ts'
import { withAppEnv } from '../../../app/setup/app-env.ts'
import type { setUp } from '../../../app/setup.ts'
import { fieldsOf, openSetup, send } from '../../support/set-up.ts'

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const webhookSecret = '5b1f0a7c9d3e42868b7a6c5d4e3f2a1b'
const closing = new AsyncDisposableStack()
/** The one request that GitHub gets from the server itself. */
const asked: string[] = []
let apiUrl: string
let data: string

beforeAll(async () => {
  const github = createServer((asking, response) => {
    asked.push(`${asking.method} ${asking.url} ${asking.headers.authorization ?? ''}`)
    const isKnown = asking.url === '/app-manifests/right/conversions'
    response.writeHead(isKnown ? 201 : 404, { 'content-type': 'application/json' })
    const made = { id: 4711, slug: 'proctor-acme', html_url: 'https://github.test/apps/proctor-acme', pem, webhook_secret: webhookSecret }
    response.end(JSON.stringify(isKnown ? made : { message: 'Not Found' }))
  })
  await new Promise<void>((opened) => github.listen(0, '127.0.0.1', opened))
  closing.defer(() => void github.close())
  apiUrl = `http://127.0.0.1:${(github.address() as AddressInfo).port}` // listening on TCP
})
afterAll(() => closing.disposeAsync())
beforeEach(async () => {
  asked.length = 0
  data = await mkdtemp(join(tmpdir(), 'proctor-setup-'))
  return () => rm(data, { recursive: true, force: true })
})

const variables = () => ({ PROCTOR_DATA: data, PORT: '0', GITHUB_API_URL: apiUrl, GITHUB_SERVER_URL: 'https://github.test' })
const open = (more: Partial<Parameters<typeof setUp>[0]> = {}) => openSetup({ variables: variables(), isForced: false, ...more })
const appEnv = () => readFile(join(data, 'app.env'), 'utf8')
const wishes = { url: 'https://proctor.acme.test/', organisation: 'acme' }

/** Until GitHub would send the browser back: the session, and the state. */
async function begin({ url, code }: { readonly url: string; readonly code: string }) {
  const page = await send(`${url}/begin`, { code, ...wishes })
  const [action = ''] = page.actions
  return { page, session: page.cookie, state: new URL(action).searchParams.get('state') ?? '' }
}

describe('from nothing to an App', () => {
  test('with the code of the terminal, by way of GitHub', async () => {
    await using setup = await open()
    expect((await send(setup.url)).fields).toMatchObject({ code: '', url: '', organisation: '' })
    const { page, session, state } = await begin(setup)
    expect(page.actions).toEqual([`https://github.test/organizations/acme/settings/apps/new?state=${state}`])
    const manifest = JSON.parse(page.fields.manifest ?? '')
    expect(manifest).toMatchObject({
      name: 'proctor-acme',
      public: false,
      url: 'https://proctor.acme.test',
      hook_attributes: { url: 'https://proctor.acme.test/api/github/webhooks', active: true },
      redirect_url: `${setup.url}/back`,
      default_permissions: { contents: 'read', checks: 'write' },
      default_events: expect.arrayContaining(['pull_request', 'issue_comment']),
    })
    const back = await send(`${setup.url}/back?code=right&state=${state}`, undefined, { cookie: session })
    expect([back.status, asked]).toEqual([200, []])
    const done = await send(`${setup.url}/finish`, back.fields, { cookie: session })
    expect(done.status).toBe(200)
    expect(done.text).toContain('https://github.test/apps/proctor-acme/installations/new')
    expect(await setup.ended).toBe(true)
    expect(asked).toEqual(['POST /app-manifests/right/conversions '])
    expect((await stat(join(data, 'app.env'))).mode & 0o777).toBe(0o600)
    expect(readWebSettings(await withAppEnv({ PROCTOR_DATA: data }))).toMatchObject({ appId: 4711, privateKey: pem, webhookSecret, apiUrl })
    const said = [...setup.lines, done.text, back.text, page.text].join('\n')
    for (const secret of [webhookSecret, pem.split('\n')[1] ?? '', Buffer.from(pem).toString('base64')]) expect(said).not.toContain(secret)
    await expect(send(setup.url)).rejects.toThrow()
  })

  test('what is given on the command line stands on the page', async () => {
    await using setup = await open({ url: 'https://a.test/proctor/', organisation: 'acme' })
    expect((await send(setup.url)).fields).toMatchObject({ url: 'https://a.test/proctor', organisation: 'acme' })
  })

  test('a code that GitHub does not know may be followed by the right one', async () => {
    await using setup = await open()
    const { session, state } = await begin(setup)
    const first = await send(`${setup.url}/finish`, { code: 'stale', state }, { cookie: session })
    expect([first.status, first.text]).toEqual([502, expect.stringContaining('one use and one hour')])
    expect((await send(`${setup.url}/finish`, { code: 'right', state }, { cookie: session })).status).toBe(200)
    expect(await setup.ended).toBe(true)
  })
})

describe('refused', () => {
  test('everything without the code of the terminal', async () => {
    await using setup = await open()
    for (const code of ['', 'AAAA-AAAA-AAAA-AAAA', setup.code.slice(1), setup.code.replaceAll('-', '')])
      expect((await send(`${setup.url}/begin`, { code, ...wishes })).status, code).toBe(403)
    for (const cookie of ['', 'proctor-setup=', 'proctor-setup=undefined']) {
      expect((await send(`${setup.url}/back?code=right&state=`, undefined, { cookie })).status).toBe(403)
      expect((await send(`${setup.url}/finish`, { code: 'right', state: '' }, { cookie })).status).toBe(403)
    }
    expect(asked).toEqual([])
  })

  test('the code a second time', async () => {
    await using setup = await open()
    await begin(setup)
    const again = await send(`${setup.url}/begin`, { code: setup.code, ...wishes })
    expect([again.status, again.cookie]).toEqual([403, ''])
  })

  test('a state that is not ours, and ours without the session that it was made for', async () => {
    await using setup = await open()
    const { session, state } = await begin(setup)
    for (const [given, cookie] of [
      [`${state.slice(0, -1)}x`, session],
      ['', session],
      [state, ''],
      [state, 'proctor-setup=0'],
      [state, `other=${session.split('=')[1]}`],
    ] as const) {
      expect((await send(`${setup.url}/back?code=right&state=${given}`, undefined, { cookie })).status).toBe(403)
      expect((await send(`${setup.url}/finish`, { code: 'right', state: given }, { cookie })).status).toBe(403)
    }
    expect(asked).toEqual([])
    await expect(appEnv()).rejects.toThrow('ENOENT')
  })

  test('a GET of what changes something, and a POST of what does not', async () => {
    await using setup = await open()
    const { session, state } = await begin(setup)
    expect((await send(`${setup.url}/finish?code=right&state=${state}`, undefined, { cookie: session })).status).toBe(405)
    expect((await send(`${setup.url}/begin?code=${setup.code}`)).status).toBe(405)
    expect((await send(`${setup.url}/back`, { code: 'right', state }, { cookie: session })).status).toBe(405)
    expect(asked).toEqual([])
  })

  test('a form that another site sent, or that says not where it comes from', async () => {
    await using setup = await open()
    const form = { code: setup.code, ...wishes }
    for (const origin of ['https://evil.test', 'null', '', `${setup.url}.evil.test`, setup.url.replace('127.0.0.1', 'localhost')])
      expect((await send(`${setup.url}/begin`, form, { origin })).status, origin).toBe(403)
    for (const site of ['cross-site', 'same-site', 'none'])
      expect((await send(`${setup.url}/begin`, form, { 'sec-fetch-site': site })).status, site).toBe(403)
    expect((await send(`${setup.url}/begin`, form, { 'content-type': 'text/plain' })).status).toBe(403)
    expect((await send(`${setup.url}/begin`, form, { 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })

  test('a body without end, other paths, what Probot would take', async () => {
    await using setup = await open()
    expect((await send(`${setup.url}/begin`, { code: 'x'.repeat(20_000) })).status).toBe(413)
    for (const path of ['/probot/import', '/probot', '/.env', '/constructor', '//', '/%2e%2e/etc/passwd'])
      expect((await send(`${setup.url}${path}`, { APP_ID: '1' })).status, path).toBe(404)
  })

  test('an App beside the one that there is', async () => {
    await writeFile(join(data, 'app.env'), 'APP_ID=1\n', { mode: 0o600 })
    await expect(open()).rejects.toThrow(/there is an App already; --force/)
    expect(await appEnv()).toBe('APP_ID=1\n')
    await using setup = await open({ isForced: true })
    const { session, state } = await begin(setup)
    expect((await send(`${setup.url}/finish`, { code: 'right', state }, { cookie: session })).status).toBe(200)
    expect(await appEnv()).toContain('APP_ID=4711')
    expect((await stat(join(data, 'app.env'))).mode & 0o777).toBe(0o600)
  })

  test('an App beside one that came while the browser was at GitHub, before its code is spent', async () => {
    await using setup = await open()
    const { session, state } = await begin(setup)
    await writeFile(join(data, 'app.env'), 'APP_ID=1\n', { mode: 0o600 })
    expect((await send(`${setup.url}/finish`, { code: 'right', state }, { cookie: session })).status).toBe(502)
    expect([await appEnv(), asked]).toEqual(['APP_ID=1\n', []])
  })

  test.each([
    { url: 'http://proctor.acme.test' },
    { url: 'https://user:pass@acme.test' },
    { url: 'javascript:alert(1)' },
    { url: 'https://acme.test/?a' },
    { organisation: 'a/../b' },
    { organisation: '-a' },
    { organisation: 'a"><script>' },
  ])('%j', async (wrong) => {
    await expect(open(wrong)).rejects.toThrow(/accepted:/)
    await using setup = await open()
    const page = await send(`${setup.url}/begin`, { code: setup.code, ...wishes, ...wrong })
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('accepted:')])
    // The code is not spent on a slip of the pen.
    expect((await begin(setup)).page.status).toBe(200)
  })

  test('what stands in a query is shown as text', async () => {
    await using setup = await open()
    const { session, state } = await begin(setup)
    const code = '"><script>alert(1)</script>'
    const page = await send(`${setup.url}/back?code=${encodeURIComponent(code)}&state=${state}`, undefined, { cookie: session })
    expect(page.text).not.toContain('<script')
    expect(page.fields.code).toBe(code)
    expect((await send(`${setup.url}/finish`, page.fields, { cookie: session })).status).toBe(400)
    expect(asked).toEqual([])
  })
})

test('pages load nothing, stand in nobody’s frame, are kept by nobody, and send forms only here or to GitHub', async () => {
  await using setup = await open()
  const { page } = await begin(setup)
  expect(page.headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'strict-origin',
    'content-security-policy': expect.stringMatching(
      /default-src 'none'.*form-action 'self' https:\/\/github\.test; frame-ancestors 'none'/,
    ),
  })
  expect(page.headers['set-cookie']?.[0]).toMatch(/^proctor-setup=[0-9a-f]{64}; HttpOnly; SameSite=Lax; Path=\/$/)
})

test('a slow sender and an unreadable request do not end the set-up', async () => {
  await using setup = await open()
  const slow = request(`${setup.url}/begin`, { method: 'POST', headers: { origin: setup.url, 'content-length': '100' } })
  slow.on('error', () => {})
  slow.write('code=')
  expect((await send(setup.url)).status).toBe(200)
  slow.destroy()
  expect((await begin(setup)).page.status).toBe(200)
})

test('a signal ends it, and leaves nothing', async () => {
  const setup = await open()
  setup.stop()
  expect(await setup.ended).toBe(false)
  await expect(appEnv()).rejects.toThrow('ENOENT')
})

describe('app.env', () => {
  const kept = `APP_ID=7\nPRIVATE_KEY=${Buffer.from(pem).toString('base64')}\nWEBHOOK_SECRET=${webhookSecret}\n`

  test('counts only where the environment names no App, and never over what it says', async () => {
    await writeFile(join(data, 'app.env'), `${kept}GITHUB_API_URL=https://a.test\n`, { mode: 0o600 })
    expect(await withAppEnv({ PROCTOR_DATA: data, PORT: '9' })).toMatchObject({ APP_ID: '7', PORT: '9', GITHUB_API_URL: 'https://a.test' })
    expect(await withAppEnv({ PROCTOR_DATA: data, GITHUB_API_URL: 'https://b.test' })).toMatchObject({ GITHUB_API_URL: 'https://b.test' })
    const named = { PROCTOR_DATA: data, APP_ID: '8' }
    expect(await withAppEnv(named)).toEqual(named)
  })

  test('that others may read is refused', async () => {
    await writeFile(join(data, 'app.env'), kept)
    await chmod(join(data, 'app.env'), 0o644)
    await expect(withAppEnv({ PROCTOR_DATA: data })).rejects.toThrow(/others may read it/)
  })

  test('that is not there is no error', async () => {
    expect(await withAppEnv({ PROCTOR_DATA: join(data, 'none') })).toEqual({ PROCTOR_DATA: join(data, 'none') })
  })
})

test('fields are read off a page as a browser does', () => {
  expect(fieldsOf('<input name="a" value="1 &quot;&amp;"><input type="hidden" name="b">')).toEqual({ a: '1 "&', b: '' })
})
