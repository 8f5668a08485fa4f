import { describe, expect, it } from 'vitest'
import { globs, readable } from '../../../runner/lib/globs.ts'

const latin1 = (text: string) => Buffer.from(text).toString('latin1')

describe('globs', () => {
  it.each([
    ['src/**', 'src/a/b.py', true],
    ['src/**', 'src', true],
    ['src/**', 'srcs/a', false],
    ['./src/**', 'src/a', true],
    ['tests/', 'tests/a/b', true],
    ['*.py', 'a/b.py', false],
    ['**/*.py', '.hidden/.b.py', true],
    ['src/*', 'src/a\\b', true],
    ['[ab].txt', 'b.txt', true],
    ['{x,y}/*', 'y/z', true],
    ['caf\u00e9/?.py', latin1('caf\u00e9/\u00fc.py'), true],
    ['**', 'a\nb/\xff', true],
  ])('%j and %j: %s', (pattern, path, expected) => expect(globs([pattern])(path)).toBe(expected))

  it('takes out what `!` names, and only that', () => {
    const match = globs(['src/**', '!src/vendor/**'])
    expect(['src/a', 'src/vendor/a', 'other'].map(match)).toEqual([true, false, false])
    expect(globs(['!a'])('b')).toBe(false)
    expect(globs([])('b')).toBe(false)
  })
})

describe('readable', () => {
  it('shows UTF-8 as it is and what would fool a terminal as what it is', () => {
    expect(readable(latin1('caf\u00e9'))).toBe('caf\u00e9')
    expect(readable(latin1('a\n\u001b[2J\u202etxt'))).toBe('a\\u{a}\\u{1b}[2J\\u{202e}txt')
  })
})
