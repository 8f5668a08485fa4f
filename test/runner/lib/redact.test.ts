import { describe, expect, it } from 'vitest'
import { Redactor } from '../../../runner/lib/redact.ts'

const secret = 'sk-Live/9+é"\\ token?x=1&y'
const knowing = (...secrets: string[]) => {
  const redactor = new Redactor()
  for (const each of secrets) expect(redactor.register(each)).toBeUndefined()
  return redactor
}
const hex = Buffer.from(secret).toString('hex')

describe('every form of a secret', () => {
  it.each([
    ['plain', secret],
    ['JSON', JSON.stringify(secret)],
    ['JSON, only ASCII', JSON.stringify(secret).replace('é', '\\u00e9')],
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ['URL', encodeURIComponent(secret)],
    ['URL in lower case', encodeURIComponent(secret).replaceAll(/%../g, (x) => x.toLowerCase())],
    ['form', new URLSearchParams({ key: secret }).toString()],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
  ])('%s', (_, text) => {
    const shown = knowing(secret).redact(`before ${text} after`)
    expect(shown).toMatch(/^before .*\*\*\*.* after$/s)
    expect(shown.length).toBeLessThan('before  after'.length + 14)
  })

  it('in base64 of a text around it, at all three alignments', () => {
    const redactor = knowing(secret)
    for (const before of ['', 'a', 'ab', 'abc', 'Bearer ']) {
      const shown = redactor.redact(Buffer.from(`${before}${secret}, and more`).toString('base64'))
      expect(shown).toContain('***')
      expect(Buffer.from(shown.replace('***', ''), 'base64').toString()).not.toContain('token')
    }
  })

  it('line by line, when it has many: a diff puts a sign before each', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n'
    const shown = knowing(key).redact(key.replaceAll(/^/gm, '+'))
    expect(shown).not.toContain('MIIEvQ')
    expect(shown).not.toContain('EFAASC')
  })
})

describe('spans', () => {
  it('masks secrets that overlap as one', () => {
    expect(knowing('abcdef', 'efghij').redact('x abcdefghij y')).toBe('x *** y')
    expect(knowing('abcd', 'abcdefgh').redact('abcdefgh')).toBe('***')
  })

  it('leaves every other text alone', () => {
    expect(knowing('hunter22').redact('hunter2 hunter 22')).toBe('hunter2 hunter 22')
    expect(new Redactor().redact('anything')).toBe('anything')
  })

  it('refuses what would mask half of every text', () => {
    expect(new Redactor().register('abc')).toMatch(/shorter than 4/)
    expect(new Redactor().register('   \n ')).toMatch(/shorter than 4/)
  })

  it('masks the part of a secret that a cut left at an edge', () => {
    const redactor = knowing('correct-horse-battery')
    expect(redactor.redact('say correct-ho', { end: true })).toBe('say ***')
    expect(redactor.redact('battery it is', { start: true })).toBe('*** it is')
    expect(redactor.redact('say correct-ho')).toBe('say correct-ho')
  })
})

describe('streams', () => {
  it('sees a secret wherever the chunks are cut', () => {
    const redactor = knowing('correct-horse', 'horse-battery')
    const text = 'a correct-horse b correct-horse-battery c correct'
    for (let size = 1; size < text.length; size++) {
      const stream = redactor.stream()
      let shown = ''
      for (let at = 0; at < text.length; at += size) shown += stream.push(text.slice(at, at + size))
      shown += stream.end()
      expect(shown, `chunks of ${size}`).toBe('a *** b *** c correct')
    }
  })

  it('lets through at once what cannot become a secret', () => {
    const stream = knowing('hunter22').stream()
    expect(stream.push('hello hun')).toBe('hello ')
    expect(stream.push('gry')).toBe('hungry')
  })

  it('masks the rest when the stream was cut in the middle of a secret', () => {
    const stream = knowing('hunter22-hunter22').stream()
    expect(stream.push('x hunter22-hun') + stream.end(true)).toBe('x ***')
  })

  it('does not hold back without end', () => {
    const stream = knowing('aaaa').stream()
    let shown = ''
    for (let i = 0; i < 10_000; i++) shown += stream.push('a')
    expect(shown.replaceAll('*', '').length).toBeLessThan(4)
    expect((shown + stream.end()).length).toBeLessThan(10_000)
  })

  it('finds a secret in bytes, across chunks', () => {
    const finder = knowing(secret).finder()
    const bytes = Buffer.from(`\xff\0 binary ${secret} binary`, 'utf8')
    expect(finder.push(bytes.subarray(0, 15))).toBe(false)
    expect(finder.push(bytes.subarray(15))).toBe(true)
    expect(knowing(secret).holds(Buffer.from(`nothing, ${secret.slice(2)}`))).toBe(false)
  })
})

it('costs nothing while there is no secret', () => {
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(20_000)
  const time = (redactor: Redactor) => {
    const start = performance.now()
    for (let i = 0; i < 10; i++) redactor.redact(text)
    return performance.now() - start
  }
  const many = knowing(...Array.from({ length: 20 }, (_, i) => `secret-number-${i}-of-twenty`))
  time(many)
  expect(time(new Redactor())).toBeLessThan(time(many) / 20)
})
