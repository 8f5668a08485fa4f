import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProctorError } from '../../../../runner/domain/error.ts'
import { type Fault, faults, first } from '../../../support/github/faults.ts'
import { ofChecks, showsOf } from './faults/of-checks.ts'
import { ofReads } from './faults/of-reads.ts'
import { ofWords } from './faults/of-words.ts'
import { openStage, type Stage } from './faults/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => {
  expect(stage.violations).toEqual([])
  await stage[Symbol.asyncDispose]()
})

/** They pass by: afterwards everything is as if nothing had happened. */
const passing: readonly (readonly [string, Fault])[] = [
  ['403 secondary', faults.secondary(1)],
  ['429', faults.tooMany(1)],
  ['409', faults.conflict],
  ['502 before', faults.badGateway],
  ['502 after', faults.lost],
  ['a connection cut after', faults.lostConnection],
  ['a truncated answer', faults.truncated],
  ['no answer', faults.hangs],
]
/** They stay: then it says what is wrong. */
const lasting: readonly (readonly [string, Fault, string])[] = [
  ['401', faults.unauthorized, 'GitHub answered 401'],
  ['403 permission', faults.forbidden, 'GitHub answered 403 to \\S+ \\S+: Resource not accessible by integration'],
  ['404', faults.missing, 'GitHub answered 404 .*it is not there, or the token may not see it'],
  ['422', faults.tooLong, 'GitHub answered 422 .*too long'],
  ['502', faults.badGateway, 'GitHub answered 502'],
]

let tries = 0
describe.each(Object.entries({ ...ofChecks, ...ofWords, ...ofReads }))('%s', (title, open) => {
  async function tried(fault: Fault, times: number) {
    tries += 1
    const [key, said, kind] = [`key${tries}`, [] as string[], open(stage)]
    stage.patience.ms = fault === faults.hangs ? 500 : 20_000
    const done = stage.fault(first(times, kind.fits, fault))
    const error: unknown = await kind.act(key, said).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    done()
    return { key, kind, error, said }
  }

  test.each(passing)('survives %s', async (_, fault) => {
    const { key, kind, error } = await tried(fault, 1)
    expect(error).toBeUndefined()
    expect(await kind.shown(key)).toEqual(kind.expected)
  })

  test.each(lasting)('is clear about %s, and leaves nothing that cannot be completed', async (name, fault, words) => {
    const { key, kind, error, said } = await tried(fault, Number.POSITIVE_INFINITY)
    expect(error === undefined || error instanceof ProctorError).toBe(true)
    const text = [...said, error instanceof ProctorError ? `${error.code}: ${error.message}` : ''].join('\n')
    expect(text).not.toContain(stage.token)
    if (!kind.takes?.includes(name)) expect(text).toMatch(new RegExp(words))
    if (!(title in ofChecks)) return
    await showsOf(stage, key, []).fail([new ProctorError('github_failed', 'over')])
    expect((await stage.checkRunsOf(key)).filter(({ status }) => status !== 'completed')).toEqual([])
  })
})
