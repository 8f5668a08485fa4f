import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { progress } from '../../../app/jobs/progress.ts'
import { openLog } from '../../../app/log.ts'
import type { Nouns } from '../../../app/store/open.ts'
import { asked, freshId, running } from '../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../support/stores.ts'

describe.each(engines)('what is shown of evaluations, in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const soon = () => new Date(Date.now() + 60_000)
  const noJobs = () => opened.query(`DELETE FROM pgboss.job WHERE name = 'publish'`)
  const all = async () => new Set(await store.publications.due(soon(), 100_000))
  /** Nothing is due that was made before. */
  const settle = () =>
    opened.query(`UPDATE proctor.evaluations SET shown = state`).then(() => opened.query(`UPDATE proctor.outbox SET state = 'gone'`))
  async function ended({ letters = 1 } = {}) {
    const { id } = await running(store, { chunks: 0 })
    const posted = Array.from({ length: letters }, () => ({ kind: 'comment', key: `comment:${freshId()}`, payload: {} }) as const)
    await store.verdicts.conclude({ evaluation: id, revision: 1, conclusion: 'success', state: 'done', batches: [], letters: posted })
    await noJobs()
    return id
  }

  test('whatever its state, it is due until that state is shown, and not while somebody is about to show it', async () => {
    const id = await ended({ letters: 0 })
    expect(await all()).toContain(id)
    expect(await store.publications.due(new Date(Date.now() - 60_000), 100_000)).not.toContain(id)
    await store.queue.send('publish', { evaluation: id }, { singletonKey: id })
    expect(await all()).not.toContain(id)
    await noJobs()
    await store.publications.shown({ id, state: 'done', results: 0 })
    expect(await all()).not.toContain(id)
    const { evaluation } = await store.evaluations.create(asked({ state: 'waiting', trust: 'fork' }))
    await noJobs()
    expect(await all()).toContain(evaluation.id)
    await store.publications.shown({ id: evaluation.id, state: 'waiting', results: 0 })
    expect(await all()).not.toContain(evaluation.id)
    await store.evaluations.cancel(evaluation.id, 'enough')
    await noJobs()
    expect(await all()).toContain(evaluation.id)
  })

  test('its letters are due when their time has come, and when it is not known that showing it fails', async () => {
    const id = await ended()
    await store.publications.shown({ id, state: 'done', results: 0 })
    expect(await all()).toContain(id)
    await store.troubles.note({ evaluation: id, work: 'publish', why: 'suspended \0' })
    expect(await all()).not.toContain(id)
    await store.publications.shown({ id, state: 'done', results: 0 })
    const [letter] = await store.outbox.due(id)
    await store.outbox.later(String(letter?.id), '502')
    expect(await all()).not.toContain(id)
    const { id: other } = await running(store)
    await store.outbox.post([{ kind: 'release', key: `release:${freshId()}`, payload: {}, evaluationId: other }])
    await store.publications.shown({ id: other, state: 'running', results: 0 })
    await noJobs()
    expect(await all(), 'it has not ended, so nothing can be said yet').not.toContain(other)
  })

  test('those that cannot be shown do not stand before the others', async () => {
    await settle()
    const bad = [await ended(), await ended(), await ended()]
    const good = await ended()
    expect(await store.publications.due(soon(), 3)).toEqual(bad)
    for (const id of bad.slice(1)) await store.troubles.note({ evaluation: id, work: 'publish', why: 'suspended' })
    await store.publications.giveUp(bad[0] ?? '', 'done', 'the App is not installed there any more')
    expect(await store.publications.due(soon(), 3)).toEqual([good])
  })

  test('given up, it holds nothing back: it goes when its time has come', async () => {
    const id = await ended()
    await store.checkRuns.save({ evaluationId: id, name: 'proctor', githubId: freshId(), status: 'in_progress' })
    await store.publications.giveUp(id, 'done', 'gone')
    expect(await store.checkRuns.of(id)).toMatchObject([{ status: 'given_up' }])
    expect(await opened.query('SELECT state, error FROM proctor.outbox WHERE evaluation_id = $1', [id])).toEqual([
      { state: 'gone', error: 'gone' },
    ])
    await store.retention.sweep({ deliveries: 14, evaluations: 180, workers: 7 }, new Date(Date.now() + 181 * 86_400_000))
    expect(await store.evaluations.find(id)).toBeUndefined()
  })

  test('what runs shows how far it is, however many wait for an approval, and each at most once in a while', async () => {
    await settle()
    const { evaluation: model } = await store.evaluations.create(asked({ state: 'waiting', trust: 'fork' }))
    await opened.query(
      `INSERT INTO proctor.evaluations (id, repo_id, installation_id, organisation, kind, head_sha, default_branch, trust, request, state, priority, dedupe, happened_at, created_at)
       SELECT gen_random_uuid(), repo_id, installation_id, organisation, kind, head_sha, default_branch, trust, request, state, priority, 'many ' || at, happened_at, created_at - interval '1 day'
       FROM proctor.evaluations, generate_series(1, 501) AS at WHERE id = $1`,
      [model.id],
    )
    const { id } = await running(store, { chunks: 1 })
    await noJobs()
    const jobs = async () =>
      (await opened.query(`SELECT 1 FROM pgboss.job WHERE name = 'publish' AND data ->> 'evaluation' = $1`, [id])).length
    const log = openLog({ level: 'silent', process: 'web' })
    await progress({ store: { ...store, [Symbol.asyncDispose]: async () => {} }, log }, 15_000)
    expect(await jobs()).toBe(1)
    expect((await store.evaluations.live())[0]?.state, 'those that run come first').not.toBe('waiting')
    expect((await store.evaluations.live()).length).toBeGreaterThan(502)

    await store.publications.shown({ id, state: 'running', results: 0 })
    expect(await store.publications.behind(0)).not.toContain(id)
    await store.publications.shown({ id, state: 'running', results: 3 })
    expect(await store.publications.behind(0)).toContain(id)
    expect(await store.publications.behind(15_000)).not.toContain(id)
    await opened.query(`UPDATE proctor.evaluations SET shown_at = now() - interval '16 seconds' WHERE id = $1`, [id])
    expect(await store.publications.behind(15_000)).toContain(id)
    await store.queue.send('publish', { evaluation: model.id })
    expect(await store.publications.behind(15_000, 0), 'what has ended comes first').toEqual([])
  })
})
