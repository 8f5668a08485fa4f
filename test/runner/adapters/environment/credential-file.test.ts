import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCredentialFile } from '../../../../runner/adapters/environment/credential-file.ts'
import { openCredentials } from '../../../../runner/adapters/environment/credentials.ts'
import { canaryOf, formsOf } from '../../../support/canary.ts'

const secret = canaryOf('stored')
let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'proctor-credentials-')), 'config')
})
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))
const store = (passphrase?: string) => openCredentialFile({ folder, passphrase })
const keep = { rotate: false }

describe('the encrypted file', () => {
  test.each([undefined, 'a passphrase'])('gives back what was stored, and holds it in no form (passphrase: %s)', async (passphrase) => {
    expect(await store(passphrase).set('TOKEN', secret, keep)).toBe('stored')
    expect(await store(passphrase).get('TOKEN')).toBe(secret)
    expect(await store(passphrase).get('OTHER')).toBeUndefined()
    expect(await formsOf(secret).in(folder)).toEqual([])
  })

  test('only its owner can read it', async () => {
    await store().set('TOKEN', secret, keep)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600)
  })

  test('a name that is taken is kept, unless it is rotated', async () => {
    await store().set('TOKEN', secret, keep)
    expect(await store().set('TOKEN', 'another one', keep)).toBe('kept')
    expect(await store().get('TOKEN')).toBe(secret)
    expect(await store().set('TOKEN', 'another one', { rotate: true })).toBe('rotated')
    expect(await store().get('TOKEN')).toBe('another one')
  })

  test('names are listed with their time, never values; what is removed is gone', async () => {
    await store().set('B', secret, keep)
    await store().set('A', secret, keep)
    const listed = await store().list()
    expect(listed.map(({ name }) => name)).toEqual(['A', 'B'])
    expect(Object.keys(listed[0] ?? {})).toEqual(['name', 'at'])
    expect(await store().remove('A')).toBe(true)
    expect(await store().remove('A')).toBe(false)
    expect(await store().get('A')).toBeUndefined()
  })

  test('twenty at once: none is lost', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, at) => store().set(`N${at}`, `${secret}${at}`, keep)))
    expect(await store().list()).toHaveLength(20)
    expect(await store().get('N7')).toBe(`${secret}7`)
    expect((await readdir(folder)).sort()).toEqual(['credentials.json', 'credentials.key'])
  })

  test('names that objects have of themselves are names like others', async () => {
    expect(await store().get('constructor')).toBeUndefined()
    await store().set('toString', secret, keep)
    expect(await store().get('toString')).toBe(secret)
  })

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['another passphrase', () => store('wrong').get('TOKEN'), /TOKEN cannot be decrypted/],
    ['no passphrase', () => store().get('TOKEN'), /set PROCTOR_CREDENTIALS_KEY/],
    [
      'a value that was moved to another name',
      () => renamed('TOKEN', 'OTHER').then(() => store('right').get('OTHER')),
      /OTHER cannot be decrypted/,
    ],
    [
      'a value that was changed',
      () =>
        edited((text) => text.replace(/("data": ")(.)/, (_, before, first) => before + (first === 'A' ? 'B' : 'A'))).then(() =>
          store('right').get('TOKEN'),
        ),
      /TOKEN cannot be/,
    ],
    ['a damaged file', () => edited(() => '{').then(() => store('right').get('TOKEN')), /it is damaged/],
  ])('%s: an error that says what to do, and no value', async (_, read, message) => {
    await store('right').set('TOKEN', secret, keep)
    await expect(read()).rejects.toMatchObject({ code: 'agent_secret_unresolved', message: expect.stringMatching(message) })
  })

  test('a key file that others can read is not used', async () => {
    await store().set('TOKEN', secret, keep)
    await chmod(join(folder, 'credentials.key'), 0o644)
    await expect(store().get('TOKEN')).rejects.toMatchObject({ message: expect.stringMatching(/chmod 600/) })
  })

  test('a lock that a dead process left is no obstacle', async () => {
    await store().set('TOKEN', secret, keep)
    await writeFile(join(folder, 'credentials.json.lock'), '999999999')
    expect(await store().set('TOKEN', 'x'.repeat(8), { rotate: true })).toBe('rotated')
  })

  test('twenty at once at the lock of a dead process: none is lost', async () => {
    await store().set('TOKEN', secret, keep)
    await writeFile(join(folder, 'credentials.json.lock'), '999999999')
    await Promise.all(Array.from({ length: 20 }, (_, at) => store().set(`N${at}`, secret, keep)))
    expect(await store().list()).toHaveLength(21)
  })

  async function edited(change: (text: string) => string) {
    const path = join(folder, 'credentials.json')
    await writeFile(path, change(await readFile(path, 'utf8')))
  }
  const renamed = (from: string, to: string) => edited((text) => text.replace(`"${from}"`, `"${to}"`))
})

describe('credentials', () => {
  const open = (variables: Record<string, string>) => openCredentials({ variables, folder })

  test('the environment wins, then the file', async () => {
    await store().set('BOTH', 'from the file', keep)
    await store().set('FILE', 'from the file', keep)
    const values = await open({ PROCTOR_CREDENTIAL_BOTH: 'from the environment' }).resolve(['BOTH', 'FILE'])
    expect(Object.fromEntries(values)).toEqual({ BOTH: 'from the environment', FILE: 'from the file' })
  })

  test('all that are missing are named', async () => {
    await expect(open({}).resolve(['A', 'B'])).rejects.toMatchObject({
      code: 'agent_secret_unresolved',
      message: expect.stringMatching(/A.*B.*credentials set/),
    })
  })

  test('the token of a repository is another thing than a credential of that name', async () => {
    await store().set('git:https://git.example.com/team/agent', secret, keep)
    expect(await open({}).storedToken('https://git.example.com/team/agent')).toBe(secret)
    await expect(open({}).storedToken('https://git.example.com/team/other')).rejects.toMatchObject({ code: 'agent_secret_unresolved' })
  })

  test('the token of a repository is bound to no variable of an agent, whatever it calls it', async () => {
    await store().set('git:https://git.example.com/team/agent', secret, keep)
    await expect(open({}).resolve(['git:https://git.example.com/team/agent'])).rejects.toMatchObject({ code: 'agent_secret_unresolved' })
  })
})
