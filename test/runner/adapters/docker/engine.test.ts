import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DockerSandboxes } from '../../../../runner/adapters/docker/docker.ts'
import { connect } from '../../../../runner/adapters/docker/engine.ts'
import type { Image } from '../../../../runner/seams/sandbox.ts'
import { never, profile, resources } from '../../../contract/sandboxes.ts'
import { engineBetween } from './engine-between.ts'
import { openTestDocker } from './open-test-docker.ts'

let docker: DockerSandboxes
let image: Image
beforeAll(async () => {
  docker = openTestDocker()
  image = await docker.prepare([{ base: 'proctor-base:latest' }], { signal: never })
})
afterAll(() => docker[Symbol.asyncDispose]())
const quiet = { log: () => {} }

test.each(['unix:///no/such/socket', 'tcp://127.0.0.1:1'])('no engine at %s is told as such', async (dockerHost) => {
  await using nowhere = openTestDocker({ dockerHost, ...quiet })
  await expect(nowhere.prepare([{ base: 'proctor-base:latest' }], { signal: never })).rejects.toMatchObject({ code: 'engine_unreachable' })
  await expect(nowhere.open(image, profile, never)).rejects.toMatchObject({ code: 'engine_unreachable' })
  await expect(nowhere.engineReport()).rejects.toMatchObject({ code: 'engine_unreachable' })
})

test('an engine that does not answer meets its deadline', async () => {
  await using between = await engineBetween()
  between.freeze()
  const engine = connect({ dockerHost: between.dockerHost, ...quiet })
  await expect(engine.call('ask', () => engine.docker.info(), { deadlineMs: 300 })).rejects.toMatchObject({ code: 'engine_deadline' })
  await expect(engine.call('ask', () => engine.docker.info(), { signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/)
  engine.close()
})

describe('an engine that dies', () => {
  test('under a command: the run has lost its engine, it did not fail', async () => {
    await using between = await engineBetween()
    await using lost = openTestDocker({ dockerHost: between.dockerHost, ...quiet })
    await using sandbox = await lost.open(image, profile, never)
    const running = sandbox.exec(['sleep', '30'])
    await sleep(300)
    const failed = expect(running).rejects.toMatchObject({ code: 'engine_unreachable' })
    await between.die()
    await failed
    await expect(sandbox.take('/home/user')).rejects.toMatchObject({ code: 'engine_unreachable' })
    await expect(sandbox.exec(['true'])).rejects.toMatchObject({ code: 'engine_unreachable' })
    await docker.leftovers().then((all) => removeByName(all, sandbox.name))
  })

  test('under grading', async () => {
    await using between = await engineBetween()
    await using lost = openTestDocker({ dockerHost: between.dockerHost, ...quiet })
    const running = lost.once(image, { run: 'lost-grading', command: ['sleep', '30'], timeoutMs: 60_000, resources }, never)
    setTimeout(() => void between.die(), 1500)
    await expect(running).rejects.toMatchObject({ code: 'engine_unreachable' })
    const left = (await docker.leftovers()).find(({ run }) => run === 'lost-grading')
    if (left) await docker.leftovers().then((all) => removeByName(all, left.name))
  })
})

test('a container that somebody removes under a command is lost, not the agent’s doing', async () => {
  await using sandbox = await docker.open(image, profile, never)
  const running = sandbox.exec(['sleep', '30'])
  const failed = expect(running).rejects.toMatchObject({ code: 'sandbox_lost' })
  await sleep(300)
  await removeByName(await docker.leftovers(), sandbox.name)
  await failed
})

test('the engine reports on itself', async () => {
  const report = await docker.engineReport()
  expect(report).toMatchObject({ limits: { memory: true, pids: true, cpu: true }, baseImage: { id: image.id } })
  expect(report.freeBytes).toBeGreaterThan(0)
})

/** By another connection, as a stranger would. */
async function removeByName(all: readonly { name: string }[], name: string): Promise<void> {
  if (!all.some((one) => one.name === name)) return
  const engine = connect(quiet)
  await engine.docker.getContainer(name).remove({ force: true, v: true })
  engine.close()
}
