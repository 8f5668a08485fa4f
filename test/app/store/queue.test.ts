import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { queues } from '../../../app/store/jobs.ts'
import type { Nouns } from '../../../app/store/open.ts'
import { asked, freshId } from '../../support/asked.ts'
import { engines, freshPlace, type Opened, openAt, openFresh } from '../../support/stores.ts'

describe.each(engines)('the queue in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())
  const job = (name: string, id: string) =>
    opened.query<{ state: string; retry_count: number }>('SELECT * FROM pgboss.job WHERE name = $1 AND id = $2', [name, id])

  test('can be used in a transaction at once, every one of it, also by a store that finds its queues there', async () => {
    await using place = await freshPlace(engine)
    for (let round = 0; round < 2; round++) {
      await using other = await openAt(place)
      const all = await other.query<{ name: string }>('SELECT name FROM pgboss.queue')
      for (const name of Object.keys(queues)) expect(all).toContainEqual(expect.objectContaining({ name }))
      // The first thing that happens is a row with its job, many at once.
      const made = await Promise.all(Array.from({ length: 20 }, () => other.store.evaluations.create(asked())))
      expect(made.every(({ made }) => made)).toBe(true)
    }
  })

  test('loses no job to a transaction of somebody else that is rolled back, and takes nothing of one along', async () => {
    const name = `t-${freshId()}`
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, index) => {
        if (index % 4 === 0) return opened.query('SELECT 1 / 0')
        if (index % 4 === 1) return store.queue.send('retain', {}, { singletonKey: `${name}-${index}` })
        if (index % 4 === 2) return store.evaluations.create(asked({ headSha: name, kind: 'none' as never, repoId: 1 }))
        return store.evaluations.create(asked({ headSha: name, repoId: 1 }))
      }),
    )
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, (_, index) => (index % 2 ? 'fulfilled' : 'rejected')))
    const made = await store.evaluations.ofCommit(1, name)
    expect(made).toHaveLength(5)
    for (const { id } of made)
      expect(await opened.query(`SELECT 1 FROM pgboss.job WHERE name = 'fetch' AND singleton_key = $1`, [id])).toHaveLength(1)
    expect(await opened.query(`SELECT 1 FROM pgboss.job WHERE name = 'retain' AND singleton_key LIKE $1`, [`${name}-%`])).toHaveLength(5)
  })

  test('tries again what threw, and says which try it is', async () => {
    const tries: number[] = []
    const done = Promise.withResolvers<void>()
    await store.queue.work('seal', { atOnce: 2 }, async ({ attempt }) => {
      tries.push(attempt)
      if (attempt < 3) throw new Error('GitHub \0 did not answer')
      done.resolve()
    })
    const id = String(await store.queue.send('seal', { job: 'j', fence: 0 }))
    await done.promise
    expect(tries).toEqual([1, 2, 3])
    await expect.poll(async () => (await job('seal', id))[0]?.state, { timeout: 10_000 }).toBe('completed')
  })

  test('keeps a job in hands as long as its holder lives, however long that takes', async () => {
    const runs: number[] = []
    const done = Promise.withResolvers<void>()
    await store.queue.work('poll', {}, async ({ attempt }) => {
      runs.push(attempt)
      await wait(14_000)
      done.resolve()
    })
    const id = String(await store.queue.send('poll', {}))
    await done.promise
    await expect.poll(async () => (await job('poll', id))[0]?.state, { timeout: 10_000 }).toBe('completed')
    expect(runs).toEqual([1])
  })

  test('has one publisher at a time for an evaluation, and one that waits', async () => {
    let at = 0
    let most = 0
    const seen: string[] = []
    const key = `evaluation-${freshId()}`
    await store.queue.work('publish', { atOnce: 4 }, async ({ data }) => {
      if (data.evaluation !== key) return
      most = Math.max(most, ++at)
      await wait(150)
      at--
      seen.push(data.evaluation)
    })
    const sent = await Promise.all(
      Array.from({ length: 10 }, () => store.queue.send('publish', { evaluation: key }, { singletonKey: key })),
    )
    expect(sent.filter(Boolean).length).toBeLessThanOrEqual(2)
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(0)
    const before = seen.length
    // What happened after the publisher looked is shown by another one.
    await store.queue.send('publish', { evaluation: key }, { singletonKey: key })
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBeGreaterThan(before)
    expect(most).toBe(1)
  })

  test('counts what waits, what is in hands and what failed', async () => {
    await opened.query(`DELETE FROM pgboss.job WHERE name = 'lost'`)
    for (let index = 0; index < 3; index++) await store.queue.send('lost', { evaluation: 'x' })
    await opened.query(`UPDATE pgboss.job SET state = 'active' WHERE id = (SELECT id FROM pgboss.job WHERE name = 'lost' LIMIT 1)`)
    expect(await store.queue.depth('lost')).toEqual({ waiting: 2, active: 1, failed: 0 })
  })

  test('is scheduled once for all processes', async () => {
    await store.queue.schedule('reconcile', '* * * * *')
    await store.queue.schedule('reconcile', '*/5 * * * *')
    expect(await opened.query('SELECT cron FROM pgboss.schedule WHERE name = $1', ['reconcile'])).toEqual([{ cron: '*/5 * * * *' }])
  })
})

test('what was in hands when the process with the embedded database died is taken up at once', async () => {
  await using place = await freshPlace('embedded', { heartbeatSeconds: 600 })
  let id: string
  {
    await using first = await openAt(place)
    id = String(await first.store.queue.send('lost', { evaluation: 'x' }))
    await first.query(`UPDATE pgboss.job SET state = 'active', started_on = now(), heartbeat_on = now() WHERE id = $1`, [id])
  }
  await using next = await openAt(place)
  const again = Promise.withResolvers<number>()
  await next.store.queue.work('lost', {}, async ({ id: held, attempt }) => {
    if (held === id) again.resolve(attempt)
  })
  expect(await again.promise).toBe(2)
})
