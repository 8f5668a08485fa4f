import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { together } from '../../../../app/store/github/together.ts'

const doing = (act: (items: readonly string[]) => Promise<readonly string[]>) =>
  together({
    act,
    namesOf: (item: string) => [item],
    weightOf: () => 1,
    most: { items: 2, weight: 100 },
    isOnesFault: () => false,
    patienceMs: 100,
  })

test('one go that hangs fails, and the next ones are done', async () => {
  const goes: string[][] = []
  const ask = doing((items) => {
    goes.push([...items])
    return items.includes('hangs') ? new Promise(() => {}) : Promise.resolve(items)
  })
  const first = ask('hangs')
  await wait(30)
  const later = [ask('one'), ask('two'), ask('three')]
  await expect(first).rejects.toThrow('more than 0.1 s')
  expect(await Promise.all(later)).toEqual(['one', 'two', 'three'])
  expect(goes).toEqual([['hangs'], ['one', 'two'], ['three']])
})

test('while everything hangs nobody waits for ever, and nothing is heaped up', async () => {
  const goes: string[][] = []
  const ask = doing((items) => {
    goes.push([...items])
    return new Promise(() => {})
  })
  const answers = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => ask(`${index}`)))
  expect(answers.every(({ status }) => status === 'rejected')).toBe(true)
  expect(goes.length).toBeLessThan(6)
})

test('what fails after it was given up is nobody’s', async () => {
  const ask = doing(async (items) => {
    if (!items.includes('late')) return items
    await wait(150)
    throw new Error('too late to be heard')
  })
  await expect(ask('late')).rejects.toThrow('more than 0.1 s')
  await wait(100)
  expect(await ask('one')).toBe('one')
})

test('the one that is at fault is found without trying each alone', async () => {
  let goes = 0
  const ask = together({
    act: async (items: readonly number[]) => {
      goes += 1
      if (items.includes(120)) throw new Error('not this one')
      return items
    },
    namesOf: (item) => [`${item}`],
    weightOf: () => 1,
    most: { items: 250, weight: 1000 },
    isOnesFault: () => true,
    patienceMs: 1000,
  })
  const answers = await Promise.allSettled(Array.from({ length: 250 }, (_, index) => ask(index)))
  expect(answers.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([120])
  expect(goes).toBeLessThan(20)
})
