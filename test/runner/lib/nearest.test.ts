import { describe, expect, test } from 'vitest'
import { didYouMean, listed, nearest } from '../../../runner/lib/nearest.ts'

describe('nearest', () => {
  test.each([
    ['run_timeout', 'run_timeout_s'],
    ['netwrk', 'network'],
    ['nmae', 'name'],
    ['Python-Function', 'PythonFunction'],
    ['scorer', 'scorers'],
  ])('%s was meant as %s', (found, meant) => {
    expect(nearest(found, ['apiVersion', 'kind', 'PythonFunction', 'run_timeout_s', 'network', 'name', 'scorers'])).toBe(meant)
  })

  test.each([['zzz'], [''], ['completely_else'], ['x'.repeat(5000)]])('%s is close to nothing', (found) => {
    expect(nearest(found, ['network', 'name', 'kind'])).toBeUndefined()
  })

  test('the closest of several wins', () => {
    expect(nearest('test', ['text', 'tests', 'rest-api'])).toBe('text')
    expect(nearest('tsets', ['text', 'tests'])).toBe('tests')
  })
})

test('a message names the close one, else all, else nothing', () => {
  expect(didYouMean('nme', ['name', 'kind'])).toBe('; did you mean `name`?')
  expect(didYouMean('zzz', ['name', 'kind'])).toBe('; known: name, kind')
  expect(didYouMean('zzz', [])).toBe('')
})

test('a long list is cut', () => {
  expect(listed(Array.from({ length: 30 }, (_, index) => `n${index}`))).toMatch(/n19 and 10 more$/)
})
