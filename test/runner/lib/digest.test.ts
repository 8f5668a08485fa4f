import { describe, expect, test } from 'vitest'
import { canonical, digest, digestBytes, digestStream } from '../../../runner/lib/digest.ts'

describe('canonical JSON', () => {
  test('keys in order at every depth, nothing for undefined', () => {
    expect(canonical({ b: [{ d: 1, c: undefined, a: null }], a: 'é"' })).toBe('{"a":"é\\"","b":[{"a":null,"d":1}]}')
  })

  test('the order in which somebody wrote keys does not matter, that of a list does', () => {
    expect(digest({ a: 1, b: 2 })).toBe(digest({ b: 2, a: 1 }))
    expect(digest([1, 2])).not.toBe(digest([2, 1]))
  })

  test('unlike values have unlike forms', () => {
    const values = [null, 'null', 0, '0', false, [], {}, [[]], { a: null }, { a: [] }, ['a'], 'a', ['a', ''], ['', 'a']]
    expect(new Set(values.map(canonical)).size).toBe(values.length)
  })

  test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [10n], [() => 1], [[undefined]]])('%s has none', (value) => {
    expect(() => canonical(value)).toThrow(TypeError)
  })
})

test('bytes that pass by have the digest of the whole', async () => {
  async function* chunks() {
    yield Buffer.from('ab')
    yield Buffer.from('')
    yield Buffer.from('c')
  }
  expect(await digestStream(chunks())).toEqual({ digest: digestBytes('abc'), bytes: 3 })
  expect(digestBytes('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
