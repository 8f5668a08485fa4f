import { describe, expect, test } from 'vitest'
import { seal, sealingKey } from '../../../app/desk/seal.ts'

const values = new Map([
  ['TOKEN', 'ghp_größe 😀'],
  ['EMPTY', ''],
])
const sealedFor = (to: string, about = 'job-1') => seal(values, { to, about, missing: ['OTHER'] })

test('opens for the key that it was sealed for', () => {
  const key = sealingKey()
  const sealed = sealedFor(key.publicKey)
  expect(key.open(sealed, 'job-1')).toEqual(values)
  expect(sealed.missing).toEqual(['OTHER'])
  expect(JSON.stringify(sealed)).not.toContain('ghp_')
})

test('is never the same twice', () => {
  const { publicKey } = sealingKey()
  expect(sealedFor(publicKey).values.TOKEN).not.toBe(sealedFor(publicKey).values.TOKEN)
})

describe('opens', () => {
  const key = sealingKey()
  const sealed = sealedFor(key.publicKey)
  test('for no other key', () => {
    expect(() => sealingKey().open(sealed, 'job-1')).toThrow()
  })
  test('for no other job', () => {
    expect(() => key.open(sealed, 'job-2')).toThrow()
  })
  test('under no other name', () => {
    expect(() => key.open({ ...sealed, values: { EMPTY: sealed.values.TOKEN ?? '' } }, 'job-1')).toThrow()
  })
  test('not when a bit of it was changed', () => {
    const bytes = Buffer.from(sealed.values.TOKEN ?? '', 'base64')
    for (const at of [0, 13, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => key.open({ ...sealed, values: { TOKEN: changed.toString('base64') } }, 'job-1')).toThrow()
    }
  })
})

test.each(['', 'x', Buffer.from('nothing').toString('base64')])('%j is no key of a worker', (to) => {
  expect(() => sealedFor(to)).toThrow(/X25519/)
})
