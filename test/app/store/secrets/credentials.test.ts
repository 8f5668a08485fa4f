import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshId } from '../../../support/asked.ts'
import { engines, freshPlace, type Opened, openAt, type Place } from '../../../support/stores.ts'

describe.each(engines)('credentials in %s', (engine) => {
  const secret = randomBytes(32).toString('base64')
  let place: Place
  let opened: Opened
  beforeAll(async () => {
    place = await freshPlace(engine, { masterKey: secret })
    opened = await openAt(place)
  })
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })
  const credentials = () => opened.store.credentials
  /** Another process, with another secret or none. */
  const reopen = async (masterKey?: string) => {
    await opened[Symbol.asyncDispose]()
    const { masterKey: _, ...options } = place.options
    opened = await openAt({ ...place, options: { ...options, ...(masterKey && { masterKey }) } })
  }
  const organisation = () => `Acme-${freshId()}`

  test('are set, replaced, listed without their values, opened and removed', async () => {
    const acme = organisation()
    expect(await credentials().set({ organisation: acme, name: 'OPENAI_API_KEY', value: 'sk-1 \0 ü', by: 'octocat' })).toBe(1)
    expect(await credentials().open(acme.toLowerCase(), ['OPENAI_API_KEY', 'MISSING'])).toEqual(new Map([['OPENAI_API_KEY', 'sk-1 \0 ü']]))
    expect(await credentials().set({ organisation: acme.toUpperCase(), name: 'OPENAI_API_KEY', value: 'sk-2', by: 'hubot' })).toBe(2)
    const line = { name: 'OPENAI_API_KEY', version: 2, setBy: 'hubot', createdAt: expect.any(Date) }
    expect(await credentials().list(acme)).toEqual([line])
    expect(await credentials().open(acme, ['OPENAI_API_KEY'])).toEqual(new Map([['OPENAI_API_KEY', 'sk-2']]))
    expect(await credentials().open(organisation(), ['OPENAI_API_KEY'])).toEqual(new Map())
    expect(await credentials().remove(acme, 'OPENAI_API_KEY')).toBe(true)
    expect(await credentials().remove(acme, 'OPENAI_API_KEY')).toBe(false)
    expect(await credentials().open(acme, ['OPENAI_API_KEY'])).toEqual(new Map())
  })

  test('stand nowhere in the database, in no form', async () => {
    const value = 'canary-4711-of-a-credential'
    await credentials().set({ organisation: organisation(), name: 'CANARY', value, by: 'octocat' })
    const rows = await opened.query<{ wrapped: Buffer; data: Buffer }>('SELECT * FROM proctor.credentials')
    const all = rows.map((row) => JSON.stringify(row) + row.data.toString('latin1') + row.wrapped.toString('latin1')).join()
    for (const form of [value, Buffer.from(value).toString('base64').slice(0, -2), Buffer.from(value).toString('hex')])
      expect(all).not.toContain(form)
  })

  test('of the same value look different each time', async () => {
    const acme = organisation()
    for (const name of ['A', 'B']) await credentials().set({ organisation: acme, name, value: 'same', by: 'x' })
    const rows = await opened.query<{ data: Buffer; wrapped: Buffer }>(
      'SELECT data, wrapped FROM proctor.credentials WHERE organisation = $1',
      [acme.toLowerCase()],
    )
    expect(new Set(rows.flatMap(({ data, wrapped }) => [data.toString('hex'), wrapped.toString('hex')])).size).toBe(4)
  })

  describe('that somebody changed in the database are refused', () => {
    test.each([
      ['a byte of the value', 'UPDATE proctor.credentials SET data = set_byte(data, 30, get_byte(data, 30) # 1) WHERE organisation = $1'],
      [
        'a byte of its key',
        'UPDATE proctor.credentials SET wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1) WHERE organisation = $1',
      ],
      ['a value cut short', 'UPDATE proctor.credentials SET data = substring(data FROM 1 FOR 20) WHERE organisation = $1'],
      ['another name', `UPDATE proctor.credentials SET name = 'KEY' WHERE organisation = $1 AND name = 'OTHER'`],
      [
        'the value of another name',
        `UPDATE proctor.credentials SET (data, wrapped) = (SELECT data, wrapped FROM proctor.credentials WHERE organisation = $1 AND name = 'OTHER') WHERE organisation = $1 AND name = 'KEY'`,
      ],
      [
        'the data of another name under its own key',
        `UPDATE proctor.credentials SET data = (SELECT data FROM proctor.credentials WHERE organisation = $1 AND name = 'OTHER') WHERE organisation = $1 AND name = 'KEY'`,
      ],
    ])('%s', async (what, statement) => {
      const acme = organisation()
      if (what !== 'another name') await credentials().set({ organisation: acme, name: 'KEY', value: 'mine', by: 'x' })
      await credentials().set({ organisation: acme, name: 'OTHER', value: 'other', by: 'x' })
      await opened.query(statement, [acme.toLowerCase()])
      await expect(credentials().open(acme, ['KEY'])).rejects.toMatchObject({ code: 'credential_unreadable' })
    })

    test('the row of another organisation', async () => {
      const [acme, evil] = [organisation(), organisation()]
      await credentials().set({ organisation: acme, name: 'KEY', value: 'mine', by: 'x' })
      await opened.query('UPDATE proctor.credentials SET organisation = $2 WHERE organisation = $1', [
        acme.toLowerCase(),
        evil.toLowerCase(),
      ])
      await expect(credentials().open(evil, ['KEY'])).rejects.toMatchObject({ code: 'credential_unreadable' })
    })
  })

  describe('without the right master key', () => {
    beforeAll(() => opened.query('DELETE FROM proctor.credentials'))

    test('are locked: with none, with another, and with a key that was replaced', async () => {
      const acme = organisation()
      await credentials().set({ organisation: acme, name: 'KEY', value: 'mine', by: 'x' })
      await reopen()
      await expect(credentials().open(acme, ['KEY'])).rejects.toMatchObject({ code: 'credentials_locked' })
      await expect(credentials().set({ organisation: acme, name: 'KEY', value: 'x', by: 'x' })).rejects.toMatchObject({
        code: 'credentials_locked',
      })
      expect(await credentials().list(acme)).toHaveLength(1)
      await reopen(randomBytes(32).toString('hex'))
      await expect(credentials().open(acme, ['KEY'])).rejects.toMatchObject({ code: 'credentials_locked' })
      await expect(credentials().rotate('next one')).rejects.toMatchObject({ code: 'credentials_locked' })
      await reopen(secret)
      const next = 'correct horse battery staple'
      expect(await credentials().rotate(next)).toBeGreaterThan(0)
      expect(await credentials().open(acme, ['KEY'])).toEqual(new Map([['KEY', 'mine']]))
      expect(await credentials().set({ organisation: acme, name: 'KEY', value: 'after', by: 'x' })).toBe(2)
      await reopen(secret)
      await expect(credentials().open(acme, ['KEY'])).rejects.toMatchObject({ code: 'credentials_locked' })
      await reopen(next)
      expect(await credentials().open(acme, ['KEY'])).toEqual(new Map([['KEY', 'after']]))
      await credentials().rotate(secret)
    })

    test('nothing is rotated when one of them cannot be opened', async () => {
      await reopen(secret)
      const [acme, broken] = [organisation(), organisation()]
      await credentials().set({ organisation: acme, name: 'KEY', value: 'mine', by: 'x' })
      await credentials().set({ organisation: broken, name: 'KEY', value: 'mine', by: 'x' })
      await opened.query(
        'UPDATE proctor.credentials SET wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1) WHERE organisation = $1',
        [broken.toLowerCase()],
      )
      await expect(credentials().rotate('next')).rejects.toMatchObject({ code: 'credential_unreadable' })
      expect(await credentials().open(acme, ['KEY'])).toEqual(new Map([['KEY', 'mine']]))
      expect(await opened.query('SELECT id FROM proctor.master_keys')).toHaveLength(1)
    })

    test('there is one master key, however many make it at once', async () => {
      await using fresh = await freshPlace(engine, { masterKey: 'a passphrase' })
      await using other = await openAt(fresh)
      await Promise.all(['A', 'B', 'C'].map((name) => other.store.credentials.set({ organisation: 'acme', name, value: name, by: 'x' })))
      expect(await other.query('SELECT id FROM proctor.master_keys')).toHaveLength(1)
      expect((await other.store.credentials.open('acme', ['A', 'B', 'C'])).size).toBe(3)
    })
  })
})
