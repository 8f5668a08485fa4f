import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Claim, Desk } from '../../../app/desk/desk.ts'
import { type seal, sealingKey } from '../../../app/desk/seal.ts'
import { storeDesk } from '../../../app/desk/store-desk.ts'
import { sealFor } from '../../../app/jobs/seal.ts'
import { openLog } from '../../../app/log.ts'
import type { Nouns } from '../../../app/store/open.ts'
import type { Result } from '../../../runner/domain/result.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan } from '../../fakes/plans.ts'
import { fakeResult } from '../../fakes/results.ts'
import { claimed, freshId, planning, running, workerFor } from '../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../support/stores.ts'
import { there } from '../../support/there.ts'

describe.each(engines)('a worker of one organisation, in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  let desk: Desk
  const [run] = fakePlan().batches.flatMap(({ runs }) => runs)
  let result: Result

  beforeAll(async () => {
    result = await fakeResult(there(run), memoryBlobs())
    opened = await openFresh(engine, { masterKey: 'a passphrase of this test alone' })
    store = opened.store
    desk = storeDesk(store)
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  /** Two organisations, each with a chunk in the hands of its own worker. */
  async function both() {
    const [a, b] = [await running(store, { organisation: `a-${freshId()}` }), await running(store, { organisation: `b-${freshId()}` })]
    return { ours: await claimed(store, a.worker), theirs: await claimed(store, b.worker) }
  }

  test('is given no job of another', async () => {
    const { organisation } = await planning(store)
    const other = await workerFor(store, `other-${organisation}`)
    expect(await desk.claim(other, 300)).toBeUndefined()
    expect(await desk.claim(await workerFor(store, organisation), 5000)).toMatchObject({ organisation })
  })

  test.each<readonly [string, (ours: Claim, theirs: Claim) => Claim]>([
    ['the evaluation of another', (ours, { evaluation }) => ({ ...ours, evaluation })],
    ['the evaluation and the name of another', (ours, { evaluation, organisation }) => ({ ...ours, evaluation, organisation })],
    ['a job that is nobody’s', (ours) => ({ ...ours, job: randomUUID() })],
    ['a try that was not', (ours) => ({ ...ours, fence: ours.fence + 1 })],
    ['another part', (ours) => ({ ...ours, shard: { index: 7, of: 8 } })],
    ['another kind of job', ({ shard: _, ...ours }) => ({ ...ours, kind: 'plan' })],
  ])('that names %s gets and changes nothing', async (_, forge) => {
    const { ours, theirs } = await both()
    const forged = forge(ours, theirs)
    const keys = result.run.keys
    expect(await desk.keep(theirs, result)).toBe(true)
    expect(await desk.about(forged)).toBeUndefined()
    expect(await desk.results(forged)).toEqual([])
    expect(await desk.find(forged, keys)).toEqual({})
    expect(await desk.earlier(forged, keys)).toBeUndefined()
    expect(await desk.credentials(forged, ['DEPLOY_KEY'], sealingKey().publicKey)).toBeUndefined()
    for (const change of [
      desk.beat(forged),
      desk.keep(forged, result),
      desk.refused(forged, []),
      desk.finish(forged),
      desk.fail(forged, { code: 'internal_error', message: 'x' }),
    ])
      expect(await change).toBe(false)
    expect(await store.results.of(ours.evaluation)).toEqual([])
    for (const { evaluation } of [ours, theirs]) expect((await store.evaluations.find(evaluation))?.state).toBe('running')
    expect(await desk.beat(theirs), 'whoever holds it goes on').toBe(true)
  })

  describe('that asks for credentials', () => {
    const world = () => ({
      store: { ...store, [Symbol.asyncDispose]: async () => {} },
      blobs,
      log: openLog({ level: 'silent', process: 'web' }),
    })
    /** Not a tar, which nobody needs to know. */
    const tree = gzipSync('.github/proctor.yml grants: [{agent: hello, credentials: {DEPLOY_KEY: {}}}]')
    const blobs = { put: () => Promise.reject(new Error('no')), get: async () => new Response(tree).body as ReadableStream<Uint8Array> }

    test.each([
      ['of a fork that nobody approved with credentials', { trust: 'fork', approvedBy: 'octocat' }, []],
      ['is given those that a file of the base names, and what opens a repository', {}, ['DEPLOY_KEY', 'git:https://example.com/x']],
    ] as const)('for a plan %s', async (_, more, expected) => {
      const { organisation } = await planning(store, more)
      const names = ['DEPLOY_KEY', 'OTHER_KEY', 'git:https://example.com/x']
      for (const name of names) await store.credentials.set({ organisation, name, value: `value of ${name}`, by: 'octocat' })
      const claim = await claimed(store, await workerFor(store, organisation))
      const key = sealingKey()
      expect(await store.claims.want(claim, names, key.publicKey)).toBe(true)
      await sealFor(claim, world())
      const sealed = there((await store.claims.sealed(claim)) as ReturnType<typeof seal> | undefined)
      expect([...key.open(sealed, claim.job).keys()]).toEqual(expected)
    })
  })
})
