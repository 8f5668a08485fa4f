import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../app/store/open.ts'
import { asked, claimed, planning, running } from '../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../support/stores.ts'

describe.each(engines)('what is stuck in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const loseJobs = (...names: string[]) => opened.query('DELETE FROM pgboss.job WHERE name = ANY ($1)', [names])
  const isStuck = async (id: string) => (await store.stuck.find(new Date(Date.now() + 60_000), 1000)).some((stuck) => stuck.id === id)

  test.each([
    ['queued', async () => (await store.evaluations.create(asked())).evaluation.id, 'fetch'],
    ['planning', async () => (await planning(store)).id, 'plan'],
    ['running', async () => (await running(store, { chunks: 2 })).id, 'chunk'],
    ['concluding', async () => (await running(store, { chunks: 0 })).id, 'conclude'],
  ] as const)('%s: found when its job is gone, and goes on', async (state, make, name) => {
    const id = await make()
    expect(await isStuck(id)).toBe(false)
    await loseJobs(name)
    expect(await isStuck(id)).toBe(true)
    expect((await store.stuck.find(new Date(Date.now() - 60_000), 1000)).map((stuck) => stuck.id)).not.toContain(id)
    expect(await store.stuck.requeue(id)).toBe(true)
    expect(await isStuck(id)).toBe(false)
    expect((await store.evaluations.find(id))?.state).toBe(state)
    const jobs = await opened.query(`SELECT id FROM pgboss.job WHERE name = $1 AND (data ->> 'evaluation') = $2 AND state < 'completed'`, [
      name,
      id,
    ])
    expect(jobs).toHaveLength(name === 'chunk' ? 2 : 1)
    await store.stuck.requeue(id)
    const after = await opened.query(`SELECT id FROM pgboss.job WHERE name = $1 AND (data ->> 'evaluation') = $2 AND state < 'completed'`, [
      name,
      id,
    ])
    expect(after).toHaveLength(jobs.length)
  })

  test('a chunk that is in hands is not given out twice', async () => {
    const { id, worker } = await running(store, { chunks: 2 })
    const held = await claimed(store, worker)
    await opened.query(`DELETE FROM pgboss.job WHERE name = 'chunk' AND state = 'created' AND data ->> 'evaluation' = $1`, [id])
    expect(await isStuck(id)).toBe(true)
    expect(await store.stuck.requeue(id)).toBe(true)
    const other = await claimed(store, worker)
    expect(other.shard?.index).not.toBe(held.shard?.index)
    expect(await store.chunks.finish(held)).toBe(true)
    expect(await store.chunks.finish(other)).toBe(true)
    expect((await store.evaluations.find(id))?.state).toBe('concluding')
  })

  test('with no chunk due it is concluded', async () => {
    const { id } = await running(store)
    await opened.query(`UPDATE proctor.chunks SET state = 'done' WHERE evaluation_id = $1`, [id])
    expect(await isStuck(id)).toBe(true)
    expect(await store.stuck.requeue(id)).toBe(true)
    expect((await store.evaluations.find(id))?.state).toBe('concluding')
  })

  test('what waits for a person, or has ended, or waits among the lost, is not stuck', async () => {
    const { evaluation: waiting } = await store.evaluations.create(asked({ state: 'waiting' }))
    const { id: ended } = await running(store)
    await store.evaluations.giveUp(ended, 'gone')
    const { id: lost } = await running(store)
    await loseJobs('chunk')
    await store.queue.send('lost', { evaluation: lost, index: 0, of: 1 })
    for (const id of [waiting.id, ended, lost]) expect(await isStuck(id)).toBe(false)
    expect(await store.stuck.requeue(waiting.id)).toBe(false)
    expect(await store.stuck.requeue(ended)).toBe(false)
  })
})
