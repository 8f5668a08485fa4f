import { describe, expect, test } from 'vitest'
import { defaultInputs, readInputs } from '../../action/inputs.ts'
import { Problems, ProctorError } from '../../runner/domain/error.ts'

const read = (given: Readonly<Record<string, string>>) =>
  readInputs(
    Object.fromEntries(Object.entries({ token: 'ghs_x', ...given }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  )

function refusals(given: Readonly<Record<string, string>>): string[] {
  try {
    read(given)
  } catch (thrown) {
    if (thrown instanceof Problems) return thrown.all.map(({ message }) => message)
    if (thrown instanceof ProctorError) return [thrown.message]
    throw thrown
  }
  return []
}

describe('inputs', () => {
  test('without any, the defaults', () => {
    expect(read({})).toEqual({ ...defaultInputs(), token: 'ghs_x' })
    expect(defaultInputs()).toMatchObject({
      path: '.',
      mode: 'run',
      baseline: 'auto',
      'fail-on': 'error',
      'check-name': 'proctor',
      all: false,
      evals: [],
    })
  })

  test('are parsed once', () => {
    expect(
      read({
        evals: 'refunds, parser\nfixes',
        epochs: '3',
        'min-pass-rate': '0.9',
        'no-regressions': 'true',
        all: 'true',
        shard: '2/4',
        shards: '8',
      }),
    ).toMatchObject({
      evals: ['refunds', 'parser', 'fixes'],
      epochs: 3,
      'min-pass-rate': 0.9,
      'no-regressions': true,
      all: true,
      shard: '2/4',
      shards: 8,
    })
  })

  test.each([
    ['epochs', '0'],
    ['epochs', 'three'],
    ['concurrency', '1.5'],
    ['min-pass-rate', '90'],
    ['judge-model', 'gpt'],
    ['fail-on', 'sometimes'],
    ['comment', 'yes'],
    ['baseline', 'main'],
    ['mode', 'go'],
    ['shard', '0/4'],
    ['all', 'maybe'],
    ['check-name', 'a\nb'],
  ])('%s: %s is refused with its name', (name, value) => {
    const [message, ...more] = refusals({ [name]: value })
    expect(message).toContain(`\`${name}\``)
    expect(more).toEqual([])
  })

  test('all that is wrong comes in one go', () => {
    expect(refusals({ epochs: '0', mode: 'go', judge: 'x', evils: 'y' })).toEqual([
      expect.stringContaining('is called `judge-model`'),
      expect.stringMatching(/no input `evils`.*`evals`|no input `evils`.*"evals"/),
      expect.stringContaining('`epochs`'),
      expect.stringContaining('`mode`'),
    ])
  })

  test('what contradicts itself is refused', () => {
    expect(refusals({ record: 'a', replay: 'b' })).toHaveLength(1)
    expect(refusals({ mode: 'merge', shard: '1/2' })).toHaveLength(1)
    expect(refusals({ shard: '3/2' })).toHaveLength(1)
    expect(refusals({ token: '' })).toHaveLength(1)
  })

  test('a token is never repeated', () => {
    expect(refusals({ token: 'ghs_secret', mode: 'go' }).join()).not.toContain('ghs_secret')
  })
})
