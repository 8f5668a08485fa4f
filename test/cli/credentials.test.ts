import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCredentials } from '../../runner/adapters/environment/credentials.ts'
import { canaryOf, formsOf } from '../support/canary.ts'
import { root } from '../support/cli.ts'

const secret = canaryOf('typed')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-config-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** `proctor credentials ...` with something on its stdin. */
async function credentials(args: readonly string[], input = '') {
  const child = spawn(join(root, 'script', 'proctor'), ['credentials', ...args], {
    env: { ...process.env, PROCTOR_CONFIG: folder, CI: '1' },
  })
  child.stdin.on('error', () => {}) // a command that reads nothing may be gone before it is written
  child.stdin.end(input)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const code = await new Promise<number | null>((ended) => child.on('close', ended))
  return { code, said }
}
const held = () => openCredentials({ variables: {}, folder })

test('a secret is stored from stdin, kept, rotated, listed and removed, and never shown', async () => {
  expect(await credentials(['set', 'DEPLOY'], `${secret}\n`)).toEqual({ code: 0, said: 'stored DEPLOY\n' })
  expect((await held().resolve(['DEPLOY'])).get('DEPLOY')).toBe(secret)
  expect(await credentials(['set', 'DEPLOY'], 'another')).toMatchObject({ code: 0, said: expect.stringMatching(/^kept DEPLOY.*--rotate/) })
  expect((await held().resolve(['DEPLOY'])).get('DEPLOY')).toBe(secret)
  const listed = await credentials(['list'])
  expect(listed).toMatchObject({ code: 0, said: expect.stringMatching(/^DEPLOY +set 2\d{3}-/) })
  for (const form of formsOf(secret)) expect(listed.said).not.toContain(form)
  expect(await credentials(['set', 'DEPLOY', '--rotate'], 'another')).toEqual({ code: 0, said: 'rotated DEPLOY\n' })
  expect((await held().resolve(['DEPLOY'])).get('DEPLOY')).toBe('another')
  expect(await credentials(['rm', 'DEPLOY'])).toEqual({ code: 0, said: 'removed DEPLOY\n' })
  expect(await credentials(['list'])).toEqual({ code: 0, said: 'no credential is stored\n' })
})

test('the token of a repository is found under every spelling of its URL', async () => {
  expect(await credentials(['set', '--git', 'https://Git.Example.com/team/agent.git'], secret)).toMatchObject({ code: 0 })
  expect(await held().storedToken('https://git.example.com/team/agent')).toBe(secret)
  expect(await credentials(['rm', '--git', 'https://git.example.com/team/agent/'])).toMatchObject({ code: 0 })
})

test.each<[readonly string[], string, RegExp]>([
  [['set'], 'x', /give a NAME, or --git URL/],
  [['set', 'NAME', '--git', 'https://x.example/y'], 'x', /give a NAME, or --git URL/],
  [['set', 'no name'], 'x', /letters, digits and _/],
  [['set', '__proto__'], 'x', /found "__proto__"; accepted: letters/],
  [['set', 'EMPTY'], '\n', /is empty; it is read from stdin/],
  [['set', '--git', 'https://user:hunter2@x.example/y'], 'x', /a user name or password/],
  [['set', '--git', 'git@x.example:y'], 'x', /SSH form/],
  [['rm', 'NONE'], '', /no credential is called NONE/],
  [['show', 'NAME'], '', /found "show"; accepted: set, list, rm/],
])('%j is a mistake that is named', async (args, input, message) => {
  const { code, said } = await credentials(args, input)
  expect(said).toMatch(message)
  expect(said).not.toContain('hunter2')
  expect(code).toBe(2)
})
