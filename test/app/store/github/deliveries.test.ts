import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../../app/store/connect.ts'
import type { Nouns } from '../../../../app/store/open.ts'
import { engines, freshPlace, type Opened, openAt, openFresh } from '../../../support/stores.ts'

describe.each(engines)('deliveries in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())
  const delivery = (more = {}) => ({ id: randomUUID(), event: 'push', bodyDigest: randomUUID(), body: { ref: 'refs/heads/main' }, ...more })

  test('one that comes again, under its id or under another, is a duplicate', async () => {
    const first = delivery()
    expect(await store.deliveries.receive(first)).toBe('new')
    expect(await store.deliveries.receive(first)).toBe('duplicate')
    expect(await store.deliveries.receive({ ...first, id: randomUUID() })).toBe('duplicate')
    expect(await store.deliveries.receive({ ...first, bodyDigest: randomUUID() })).toBe('duplicate')
    expect(await store.deliveries.receive(delivery({ bodyDigest: first.bodyDigest, event: 'create' }))).toBe('new')
  })

  test('of many at once one is new, and one job is made of it', async () => {
    const before = (await store.queue.depth('ingest')).waiting
    const first = delivery()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => store.deliveries.receive(index % 2 ? first : { ...first, id: randomUUID() })),
    )
    expect(answers.filter((answer) => answer === 'new')).toHaveLength(1)
    expect((await store.queue.depth('ingest')).waiting).toBe(before + 1)
  })

  test('of a burst each is answered, the bad ones alone are refused, and none is lost', async () => {
    const burst = Array.from({ length: 250 }, (_, index) => delivery(index === 120 ? { repoId: 2 ** 70 } : { action: `burst-${index}` }))
    const answers = await Promise.allSettled([...burst, ...burst.slice(0, 25)].map((one) => store.deliveries.receive(one)))
    expect(answers[120]?.status).toBe('rejected')
    const said = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    expect(said.filter((answer) => answer === 'new')).toHaveLength(249)
    expect(said.filter((answer) => answer === 'duplicate')).toHaveLength(25)
    const known = await store.deliveries.known(burst.map(({ id }) => id))
    expect(known.size).toBe(249)
    for (const id of known)
      expect(await opened.query(`SELECT 1 FROM pgboss.job WHERE name = 'ingest' AND data ->> 'delivery' = $1`, [id])).toHaveLength(1)
  })

  test('is kept as it was sent, whatever a stranger wrote into it', async () => {
    const body = { title: 'NUL \0, half a pair \ud800, \u202e, "quotes" and \\u0000', snake_case: { deep_key: [1, null, 'ü'] } }
    const sent = delivery({ body, action: 'opened', installationId: 5_000_000_001, repoId: 9 })
    await store.deliveries.receive(sent)
    const found = await store.deliveries.find(sent.id)
    expect(found).toMatchObject({ ...sent, body, state: 'received', note: null })
    expect(found?.receivedAt).toBeInstanceOf(Date)
  })

  test('ends once', async () => {
    const first = delivery()
    await store.deliveries.receive(first)
    const nobodys = async () => (await store.deliveries.open(new Date(Date.now() + 60_000))).map(({ id }) => id)
    expect(await nobodys()).not.toContain(first.id)
    await opened.query(`DELETE FROM pgboss.job WHERE data ->> 'delivery' = $1`, [first.id])
    expect(await nobodys()).toContain(first.id)
    expect(await store.deliveries.end(first.id, 'handled', 'one \0 evaluation')).toBe(true)
    expect(await store.deliveries.end(first.id, 'failed')).toBe(false)
    expect(await store.deliveries.find(first.id)).toMatchObject({ state: 'handled', note: 'one \ufffd evaluation' })
    expect(await nobodys()).not.toContain(first.id)
  })

  test('a scan learns which it has', async () => {
    const first = delivery()
    await store.deliveries.receive(first)
    expect(await store.deliveries.known([first.id, 'never-seen'])).toEqual(new Set([first.id]))
    expect(await store.deliveries.known([])).toEqual(new Set())
  })

  test('that failed is taken again when GitHub is asked to deliver it once more', async () => {
    const first = delivery()
    await store.deliveries.receive(first)
    await store.deliveries.end(first.id, 'failed', 'GitHub answered 403')
    await opened.query(`DELETE FROM pgboss.job WHERE data ->> 'delivery' = $1`, [first.id])
    expect(await store.deliveries.receive({ ...first, id: randomUUID() })).toBe('duplicate')
    expect(await store.deliveries.receive(first)).toBe('new')
    expect(await store.deliveries.find(first.id)).toMatchObject({ state: 'received', note: null })
    expect(await opened.query(`SELECT 1 FROM pgboss.job WHERE data ->> 'delivery' = $1`, [first.id])).toHaveLength(1)
    expect(await store.deliveries.receive(first)).toBe('duplicate')
  })

  test('says what it failed of while it goes on, and is given up in the end', async () => {
    const first = delivery()
    await store.deliveries.receive(first)
    await store.deliveries.stumbled(first.id, 'GitHub answered 502')
    expect(await store.deliveries.find(first.id)).toMatchObject({ state: 'received', note: 'GitHub answered 502' })
    expect((await store.deliveries.giveUp(new Date(Date.now() - 60_000))).map(({ id }) => id)).not.toContain(first.id)
    const gone = await store.deliveries.giveUp(new Date(Date.now() + 60_000))
    expect(gone.find(({ id }) => id === first.id)).toMatchObject({ note: 'tried for too long: GitHub answered 502' })
    await opened.query(`UPDATE proctor.deliveries SET received_at = now() - interval '15 days' WHERE id = $1`, [first.id])
    expect((await store.retention.sweep({ deliveries: 14, evaluations: 180, workers: 7 })).deliveries).toBe(1)
    await store.deliveries.stumbled(first.id, 'x')
    expect(await store.deliveries.find(first.id)).toBeUndefined()
  })

  test('of which many wait are carried out one after the other, and not one every two seconds', async () => {
    await using other = await openFresh(engine)
    await Promise.all(Array.from({ length: 60 }, () => other.store.deliveries.receive(delivery())))
    let done = 0
    await other.store.queue.work('ingest', {}, async () => void done++)
    await expect.poll(() => done, { timeout: 25_000 }).toBe(60)
  })

  test('has one job, waiting, in hands or waiting for its next try', async () => {
    await opened.query(`DELETE FROM pgboss.job WHERE name = 'ingest'`)
    const first = delivery()
    await store.deliveries.receive(first)
    const jobs = () =>
      opened.query<{ state: string; retry_count: number }>(
        `SELECT state, retry_count FROM pgboss.job WHERE name = 'ingest' AND data ->> 'delivery' = $1`,
        [first.id],
      )
    const send = () => store.queue.send('ingest', { delivery: first.id }, { singletonKey: first.id })
    expect(await send()).toBeUndefined()
    let tries = 0
    await store.queue.work('ingest', {}, async ({ data, attempt }) => {
      if (data.delivery !== first.id) return
      tries = attempt
      expect(await send()).toBeUndefined()
      if (attempt === 1) throw new Error('GitHub answered 502')
      await store.deliveries.end(first.id, 'handled')
    })
    await expect.poll(jobs, { timeout: 20_000 }).toEqual([{ state: 'completed', retry_count: 1 }])
    expect(tries).toBe(2)
    expect(await send()).toBeDefined()
  })
})

test('while the tables are locked each delivery is refused within seconds, and afterwards they are taken', async () => {
  await using place = await freshPlace('postgres')
  await using opened = await openAt(place)
  await using other = await connect(place.options)
  const client = await other.pool.connect()
  await client.query('BEGIN; LOCK TABLE proctor.deliveries IN ACCESS EXCLUSIVE MODE')
  const one = () => ({ id: randomUUID(), event: 'push', bodyDigest: randomUUID(), body: {} })
  const began = Date.now()
  const answers = await Promise.allSettled([one(), one()].map((each) => opened.store.deliveries.receive(each)))
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(Date.now() - began).toBeLessThan(6500)
  await client.query('ROLLBACK')
  client.release()
  expect(await opened.store.deliveries.receive(one())).toBe('new')
})

test('a queue that was made under another rule is brought to this one', async () => {
  await using place = await freshPlace('postgres')
  {
    await using opened = await openAt(place)
    await opened.query(`UPDATE pgboss.queue SET policy = 'standard' WHERE name = 'ingest'`)
  }
  await using opened = await openAt(place)
  const sent = await Promise.all([1, 2].map(() => opened.store.queue.send('ingest', { delivery: 'd' }, { singletonKey: 'd' })))
  expect(sent.filter((id) => id !== undefined)).toHaveLength(1)
})
