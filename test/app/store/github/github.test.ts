import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../../app/store/open.ts'
import { asked, freshId, running } from '../../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../../support/stores.ts'
import { there } from '../../../support/there.ts'

describe.each(engines)('what is known of GitHub, in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const installation = (more = {}) => ({ id: freshId(), account: 'Acme', accountId: 5_000_000_002, accountType: 'Organization', ...more })
  const repo = (installationId: number, more = {}) => ({
    id: freshId(),
    installationId,
    owner: 'Acme',
    name: `orders-${freshId()}`,
    private: true,
    ...more,
  })

  describe('installations', () => {
    test('come, change, are suspended, go and come again', async () => {
      const one = installation()
      await store.installations.save(one)
      expect(await store.installations.find(one.id)).toMatchObject({ ...one, suspendedAt: null, removedAt: null })
      const isActive = async () => (await store.installations.active()).some(({ id }) => id === one.id)
      await store.installations.save({ ...one, isSuspended: true, permissions: { issues: 'write' } })
      expect(await isActive()).toBe(false)
      const { suspendedAt } = there(await store.installations.find(one.id))
      await store.installations.save({ ...one, isSuspended: true })
      expect(await store.installations.find(one.id)).toMatchObject({ suspendedAt, permissions: { issues: 'write' } })
      await store.installations.save(one)
      expect(await isActive()).toBe(true)
      await store.installations.remove(one.id)
      expect(await isActive()).toBe(false)
      await store.installations.save({ ...one, account: 'acme-renamed' })
      expect(await isActive()).toBe(true)
      expect(await store.installations.find(one.id)).toMatchObject({ account: 'acme-renamed' })
    })

    test('repositories may be told of before their installation, and keep what is not told again', async () => {
      const [first, second] = [repo(freshId()), repo(freshId())]
      await store.installations.saveRepos([{ ...first, defaultBranch: 'trunk' }, second])
      await store.installations.saveRepos([{ ...first, name: 'renamed' }])
      expect(await store.installations.repo(first.id)).toMatchObject({ name: 'renamed', defaultBranch: 'trunk', private: true })
      expect(await store.installations.repoNamed('ACME', second.name.toUpperCase())).toMatchObject({ id: second.id })
      expect(await store.installations.repoNamed('ACME', first.name)).toBeUndefined()
    })

    test('lose some of their repositories, or all', async () => {
      const one = installation()
      await store.installations.save(one)
      const [first, second] = [repo(one.id), repo(one.id)]
      await store.installations.saveRepos([first, second])
      expect(await store.installations.keepOnly(one.id, [second.id, first.id, 1])).toEqual([])
      expect(await store.installations.repos(one.id)).toHaveLength(2)
      expect(await store.installations.keepOnly(one.id, [second.id])).toEqual([first.id])
      expect(await store.installations.keepOnly(one.id, [second.id])).toEqual([])
      expect((await store.installations.repos(one.id)).map(({ id }) => id)).toEqual([second.id])
      await store.installations.remove(one.id)
      expect(await store.installations.repos(one.id)).toEqual([])
    })
  })

  describe('agents', () => {
    test('are seen again under another name, with their versions', async () => {
      const repoId = freshId()
      await store.agents.seen(repoId, [{ slug: 'fixer', name: 'Fixer' }])
      await store.agents.seen(repoId, [
        { slug: 'fixer', name: 'The fixer' },
        { slug: 'triage', name: 'Triage' },
      ])
      expect((await store.agents.of(repoId)).map(({ name }) => name)).toEqual(['The fixer', 'Triage'])
      const version = { repoId, slug: 'fixer', tag: 'v1.0.0', commit: 'abc' }
      const evaluationId = randomUUID()
      await store.agents.release({ ...version, evaluationId })
      await store.agents.release({ ...version, publishedAt: new Date('2026-11-21T08:00:00Z') })
      expect(await store.agents.versions(repoId, 'fixer')).toEqual([
        { ...version, evaluationId, publishedAt: new Date('2026-11-21T08:00:00Z') },
      ])
    })

    test('tags are new once; a tag that moved is new again', async () => {
      const one = repo(freshId())
      await store.installations.saveRepos([one])
      const tags = [
        { name: 'v1', commit: 'a' },
        { name: 'v2', commit: 'b' },
      ]
      expect(await store.agents.newTags(one.id, tags)).toEqual(tags)
      expect((await store.installations.repo(one.id))?.tagsReadAt).toBeNull()
      await store.agents.pastTags(one.id, tags)
      expect((await store.installations.repo(one.id))?.tagsReadAt).toBeInstanceOf(Date)
      const moved = [
        { name: 'v1', commit: 'a' },
        { name: 'v2', commit: 'c' },
        { name: 'v3', commit: 'd' },
      ]
      // Asking changes nothing: one is seen when somebody says so.
      for (let time = 0; time < 2; time++) expect(await store.agents.newTags(one.id, moved)).toEqual(moved.slice(1))
      await store.agents.sawTag(one.id, { name: 'v2', commit: 'c' })
      expect(await store.agents.newTags(one.id, moved)).toEqual(moved.slice(2))
    })

    test('what a repository has when it comes again is its past once more', async () => {
      const one = repo(freshId())
      await store.installations.saveRepos([one])
      await store.agents.pastTags(one.id, [])
      await store.installations.keepOnly(one.installationId, [])
      await store.installations.saveRepos([one])
      expect(await store.installations.repo(one.id)).toMatchObject({ removedAt: null, tagsReadAt: null })
    })
  })

  describe('check runs', () => {
    test('are what was last written', async () => {
      const { evaluation } = await store.evaluations.create(asked())
      const checkRun = { evaluationId: evaluation.id, name: 'proctor', githubId: 5_000_000_000 + freshId(), status: 'queued' as const }
      await store.checkRuns.save(checkRun)
      await store.checkRuns.save({ ...checkRun, status: 'in_progress' })
      expect(await store.checkRuns.of(evaluation.id)).toMatchObject([{ ...checkRun, status: 'in_progress', conclusion: null }])
      expect(await store.checkRuns.byGithubId(checkRun.githubId)).toMatchObject({ name: 'proctor' })
      await store.checkRuns.save({ ...checkRun, status: 'completed', conclusion: 'cancelled', digest: 'said' })
      expect(await store.checkRuns.of(evaluation.id)).toMatchObject([{ status: 'completed', conclusion: 'cancelled', digest: 'said' }])
    })
  })

  describe('letters', () => {
    const concluded = async (letters: Parameters<Nouns['outbox']['post']>[0]) => {
      const { id } = await running(store, { chunks: 0 })
      const done = { evaluation: id, revision: 1, conclusion: 'success', state: 'done', batches: [], letters } as const
      expect(await store.verdicts.conclude(done)).toBe(true)
      return id
    }

    test('are posted with the verdict, and wait until GitHub has them', async () => {
      const id = await concluded([{ kind: 'checks', key: `checks:${freshId()}`, payload: { summary: 'NUL \0' } }])
      const [letter] = await store.outbox.due(id)
      expect(letter).toMatchObject({ evaluationId: id, payload: { summary: 'NUL \0' }, attempts: 0 })
      await store.outbox.done(String(letter?.id))
      expect(await store.outbox.due(id)).toEqual([])
    })

    test('are posted once, whoever posts them again', async () => {
      const key = `reply:${freshId()}`
      await store.outbox.post([{ kind: 'reply', key, payload: 1 }])
      await store.outbox.post([
        { kind: 'reply', key, payload: 2 },
        { kind: 'reaction', key: `${key}:eyes`, payload: 3 },
      ])
      expect(
        (await store.outbox.due(undefined, 1000)).filter((letter) => letter.key.startsWith(key)).map(({ payload }) => payload),
      ).toEqual([1, 3])
    })

    test('that GitHub would not have wait longer each time; those for nobody are gone', async () => {
      const id = await concluded([{ kind: 'comment', key: `comment:${freshId()}`, payload: {} }])
      const [letter] = await store.outbox.due(id)
      const waits: number[] = []
      for (let tries = 0; tries < 3; tries++) {
        await store.outbox.later(String(letter?.id), `502 \0 ${tries}`)
        const [row] = await opened.query<{ wait: number }>(
          'SELECT extract(epoch FROM not_before - now())::float8 AS wait FROM proctor.outbox WHERE id = $1',
          [letter?.id],
        )
        waits.push(Math.round(row?.wait ?? 0))
      }
      expect(waits[1]).toBeGreaterThan(waits[0] ?? 0)
      expect(waits[2]).toBeGreaterThan(waits[1] ?? 0)
      expect(await store.outbox.due(id)).toEqual([])
      await opened.query('UPDATE proctor.outbox SET not_before = now() WHERE id = $1', [letter?.id])
      expect(await store.outbox.due(id)).toMatchObject([{ attempts: 3, error: '502 \ufffd 2' }])
      await store.outbox.gone(String(letter?.id), 'the repository is gone')
      await store.outbox.later(String(letter?.id), 'again')
      await opened.query('UPDATE proctor.outbox SET not_before = now() WHERE id = $1', [letter?.id])
      expect(await store.outbox.due(id)).toEqual([])
    })
  })
})
