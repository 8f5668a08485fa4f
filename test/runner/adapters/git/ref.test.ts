import { describe, expect, test } from 'vitest'
import { branchOfHead, checkRef, findRef, patternsOf } from '../../../../runner/adapters/git/ref.ts'

const [main, tag, peeled, dev] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(40))
const answer = [
  'ref: refs/heads/main\tHEAD',
  `${main}\tHEAD`,
  `${main}\trefs/heads/main`,
  `${dev}\trefs/heads/v1`,
  `${tag}\trefs/tags/v1`,
  `${peeled}\trefs/tags/v1^{}`,
  `${dev}\trefs/heads/evil/refs/heads/dev`,
  'fatal: not a line of it',
].join('\n')

describe('which commit a remote means by a ref', () => {
  test.each([
    [undefined, { name: 'HEAD', commit: main }],
    ['main', { name: 'refs/heads/main', commit: main }],
    ['refs/heads/main', { name: 'refs/heads/main', commit: main }],
    // A tag wins, as in git, and an annotated one is the commit that it points to.
    ['v1', { name: 'refs/tags/v1', commit: peeled }],
    ['refs/heads/v1', { name: 'refs/heads/v1', commit: dev }],
    ['A'.repeat(40), { name: main, commit: main }],
    ['ABCDEF1', { name: 'abcdef1' }],
    // ls-remote lists whatever ends in the pattern; only the whole name counts.
    ['dev', undefined],
    ['abcdef', undefined],
  ])('%s', (ref, expected) => expect(findRef(answer, ref)).toEqual(expected))

  test('its patterns name nothing but the ref', () => {
    expect(patternsOf(undefined)).toEqual(['HEAD'])
    expect(patternsOf('v1')).toEqual(['HEAD', 'refs/tags/v1', 'refs/tags/v1^{}', 'refs/heads/v1', 'refs/heads/v1^{}'])
  })

  test('the branch of HEAD is for people', () => {
    expect(branchOfHead(answer)).toBe('main')
    expect(branchOfHead('')).toBe('HEAD')
  })
})

test.each(['main', 'v1.2.0', 'feature/x-1', 'release_2', 'refs/pull/12/head', 'a@b', 'ünïcode', 'f00ba12'])('%s is a ref', (ref) =>
  expect(() => checkRef(ref)).not.toThrow(),
)
test.each([
  '-x',
  '--upload-pack=id',
  'a b',
  'a\nb',
  'a\0b',
  'a..b',
  'a~1',
  'a^{}',
  'a:b',
  'a?',
  'a*',
  'a[b]',
  'a\\b',
  'a@{1}',
  '@',
  '/a',
  'a/',
  'a//b',
  'a.',
  '.a',
  'a/.b',
  'a'.repeat(256),
])('%j is none', (ref) => expect(() => checkRef(ref)).toThrow(/hyphen|no name of a branch/))
