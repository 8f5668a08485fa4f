import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../app/store/open.ts'
import { claimed, freshId, running } from '../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../support/stores.ts'

describe.each(engines)('turns at building an image, in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine)
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  /** Two jobs of an organisation, in hands. */
  async function two(organisation = `builds-${freshId()}`) {
    const { worker } = await running(store, { organisation, chunks: 2 })
    return [await claimed(store, worker), await claimed(store, worker)] as const
  }

  test('one job of an organisation has it, until it gives it away', async () => {
    const [one, other] = await two()
    expect(await store.builds.take(one)).toBe('yours')
    expect(await store.builds.take(one), 'asked again').toBe('yours')
    expect(await store.builds.take(other)).toBe('taken')
    await store.builds.end(other)
    expect(await store.builds.take(other), 'nobody ends the turn of another').toBe('taken')
    await store.builds.end(one)
    expect(await store.builds.take(other)).toBe('yours')
    expect(await store.builds.take(one)).toBe('taken')
  })

  test('another organisation has its own', async () => {
    const [[one], [other]] = [await two(), await two()]
    expect(await store.builds.take(one)).toBe('yours')
    expect(await store.builds.take(other)).toBe('yours')
  })

  test('of many that ask at the same moment one gets it', async () => {
    const claims = await two()
    const got = await Promise.all([...claims, ...claims, ...claims].map((claim) => store.builds.take(claim)))
    expect(new Set(claims.filter((_, at) => got[at] === 'yours'))).toHaveProperty('size', 1)
    expect(got).toContain('taken')
  })

  test.each(['finished', 'failed', 'was cancelled'] as const)('a job that %s has no turn any more', async (how) => {
    const [one, other] = await two()
    expect(await store.builds.take(one)).toBe('yours')
    if (how === 'finished') await store.chunks.finish(one)
    else if (how === 'failed') await store.claims.fail(one, { code: 'internal_error', message: 'x' })
    else await store.evaluations.cancel(one.evaluation, 'superseded')
    expect(await store.builds.take(one)).toBe('lost')
    expect(await store.builds.take(other)).toBe(how === 'was cancelled' ? 'lost' : 'yours')
  })
})
