import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openOperatorStore } from '../../app/operator-store.ts'
import { root } from '../support/cli.ts'
import { execute, freshDatabase } from '../support/postgres.ts'

const closing = new AsyncDisposableStack()
let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'proctor-operator-'))
  closing.defer(() => rm(data, { recursive: true, force: true, maxRetries: 5 }))
})
afterAll(() => closing.disposeAsync())

async function say(args: readonly string[], { stdin = '', env = {} }: { readonly stdin?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
  const child = spawn(process.execPath, [join(root, 'cli/index.ts'), ...args], {
    env: { PATH: process.env.PATH, HOME: data, PROCTOR_DATA: data, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  const code = await new Promise((done) => child.once('close', done))
  return { code, said }
}
const patience = { timeout: 240_000 }

describe('credentials of an organisation, in the embedded database', () => {
  const ours = ['--organisation', 'Acme']

  test('are set, listed, replaced only on demand, and never shown', patience, async () => {
    const set = await say(['credentials', 'set', 'DEPLOY_TOKEN', ...ours], { stdin: 'of-the-first-hour\n' })
    expect(set).toEqual({ code: 0, said: 'set DEPLOY_TOKEN, version 1\n' })
    expect((await say(['credentials', 'set', 'DEPLOY_TOKEN', ...ours], { stdin: 'another' })).said).toContain('kept DEPLOY_TOKEN')
    expect((await say(['credentials', 'set', 'DEPLOY_TOKEN', '--rotate', ...ours], { stdin: 'another' })).said).toContain('version 2')
    expect((await say(['credentials', 'list', ...ours])).said).toMatch(/^DEPLOY_TOKEN +version 2, set \d{4}-\S+Z\n$/)
    expect((await say(['credentials', 'list', '--organisation', 'rival'])).said).toBe('')
    await using store = await openOperatorStore({ PROCTOR_DATA: data })
    expect(await store.credentials.open('acme', ['DEPLOY_TOKEN'])).toEqual(new Map([['DEPLOY_TOKEN', 'another']]))
    expect(await readdir(data)).toContain('master.key')
    expect(await readFile(join(data, 'master.key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  })

  test('one is refused while the server has the database, and nothing changes', patience, async () => {
    await using _server = await openOperatorStore({ PROCTOR_DATA: data })
    expect(await say(['credentials', 'rm', 'DEPLOY_TOKEN', ...ours])).toMatchObject({
      code: expect.not.stringMatching('0'),
      said: expect.stringContaining('database_in_use'),
    })
  })

  test.each([
    [['credentials', 'set', 'A-B', ...ours]],
    [['credentials', 'set', 'TOKEN', '--organisation', 'a/../b']],
    [['credentials', 'set', 'EMPTY', ...ours]],
    [['credentials', 'show', 'DEPLOY_TOKEN', ...ours]],
    [['workers', 'allow', 'one']],
    [['workers', 'dance']],
  ])('%j is refused', patience, async (args) => {
    expect((await say(args)).code).toBe(2)
  })
})

test('a login of a worker is made, listed and taken away', patience, async () => {
  await using database = await freshDatabase()
  const login = `w_cli_${randomUUID().slice(0, 8)}`
  closing.defer(async () => void (await execute(database.url, `DROP ROLE IF EXISTS ${login}`).catch(() => {})))
  const env = { DATABASE_URL: database.url, PROCTOR_MASTER_KEY: 'a passphrase' }
  const made = await say(['workers', 'allow', login, '--organisation', 'Acme'], { env, stdin: 'a-password-of-a-worker\n' })
  expect(made).toEqual({ code: 0, said: `allowed ${login}\n` })
  expect((await say(['workers', 'list'], { env })).said).toMatch(new RegExp(`^${login} +acme\\n$`))
  expect((await say(['workers', 'allow', login], { env, stdin: 'short' })).code).toBe(2)
  expect(await say(['workers', 'rm', login], { env })).toEqual({ code: 0, said: `removed ${login}\n` })
  expect((await say(['workers', 'rm', login], { env })).code).toBe(2)
})
