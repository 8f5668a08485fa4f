import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { lifeOf, thisProcess } from '../../../../runner/adapters/docker/owner.ts'
import { never, profile, shell } from '../../../contract/sandboxes.ts'
import { openTestDocker } from './open-test-docker.ts'

const docker = openTestDocker()
afterAll(() => docker[Symbol.asyncDispose]())

describe('an owner', () => {
  const [host = '', pid = '', started = ''] = thisProcess().split(':')
  const [machine, boot, space] = host.split('.')
  test.each([
    ['this process', thisProcess(), 'live'],
    ['its number with another start', `${host}:${pid}:${Number(started) - 1}`, 'dead'],
    ['a number that nobody has', `${host}:4194305:1`, 'dead'],
    ['this machine before it was started again', `${machine}.00000000.${space}:${pid}:${started}`, 'dead'],
    ['a container on this machine', `${machine}.${boot}.1:${pid}:${started}`, 'unknown'],
    ['another machine', `0123456789ab.${boot}.${space}:1:1`, 'unknown'],
    ['nobody', '', 'unknown'],
  ])('%s', (_who, owner, life) => {
    expect(lifeOf(owner)).toBe(life)
  })
})

test('what a killed process leaves is removed by the next one, what a neighbour or somebody on purpose has stays', {
  timeout: 120_000,
}, async () => {
  const image = await docker.prepare([{ base: 'proctor-base:latest' }], { signal: never })
  await using mine = await docker.open(image, { ...profile, run: 'living' }, never)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'dies-with-containers.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(child.stdout), 'line')
  const names = JSON.parse(line)
  // The child's, by owner: sandbox, spare, grading container, and the kept one.
  const owned = async () => {
    const all = await docker.leftovers()
    return all.filter(({ run, kind, state }) => run === 'dying' || (kind === 'spare' && state === 'dead'))
  }
  expect((await owned()).length).toBeGreaterThanOrEqual(3)
  expect((await owned()).map(({ state }) => state)).not.toContain('dead')

  child.kill('SIGKILL')
  await once(child, 'exit')
  expect((await owned()).map(({ state }) => state).toSorted()).toEqual(['dead', 'dead', 'dead', 'kept'])

  await using next = openTestDocker()
  await next.prepare([{ base: 'proctor-base:latest' }], { signal: never })
  for (let tries = 0; tries < 100 && (await owned()).length > 1; tries += 1) await sleep(100)
  expect((await owned()).map(({ name, state }) => ({ name, state }))).toEqual([{ name: names.kept, state: 'kept' }])
  expect((await shell(mine, 'echo still here')).stdout).toBe('still here\n')
  expect((await docker.leftovers()).find(({ name }) => name === mine.name)?.state).toBe('live')
  spawn('docker', ['rm', '--force', names.kept], { stdio: 'ignore' })
})

test('a closed engine has nothing left, spares neither', async () => {
  const me = `${thisProcess()}:spares`
  const lone = openTestDocker({ owner: me })
  const image = await lone.prepare([{ base: 'proctor-base:latest' }], { signal: never })
  const mine = async () => (await docker.leftovers()).filter(({ owner }) => owner === me).length
  {
    await using first = await lone.open(image, { ...profile, run: 'spares', more: 2 }, never)
    await shell(first, 'sleep 1')
    const began = performance.now()
    await using second = await lone.open(image, { ...profile, run: 'spares', more: 1 }, never)
    const warm = performance.now() - began
    expect((await shell(second, 'id -un; ls /home/user/workspace')).stdout).toBe('user\n')
    const cold = await timed(() => lone.open(image, { ...profile, run: 'spares', sudo: false }, never))
    expect(warm).toBeLessThan(cold / 5)
    expect(await mine()).toBeGreaterThan(0)
  }
  await lone[Symbol.asyncDispose]()
  expect(await mine()).toBe(0)
})

async function timed(open: () => Promise<AsyncDisposable>): Promise<number> {
  const began = performance.now()
  await using _opened = await open()
  return performance.now() - began
}
