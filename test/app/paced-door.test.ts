import { expect, test } from 'vitest'
import { pacedDoor } from '../../app/paced-door.ts'
import { loadGitHub } from '../../runner/adapters/preset.ts'

test('repositories of one installation share what may be written, and no two installations do', async () => {
  const loaded = await loadGitHub()
  const given: Parameters<typeof loaded.openGitHub>[0][] = []
  const door = pacedDoor({
    ...loaded,
    openGitHub(connection) {
      given.push(connection)
      return loaded.openGitHub(connection)
    },
  })
  for (const account of ['1', '1', '2']) door.openGitHub({ account, token: 'x', apiUrl: 'http://localhost', version: '0', log: () => {} })
  const [one, same, other] = given.map(({ budget }) => budget)
  expect(one).toBeDefined()
  expect(same).toBe(one)
  expect(other).not.toBe(one)
  expect(given.map(({ patience }) => patience)).toEqual([20, 20, 20])
})
