import { describe, expect, test } from 'vitest'
import type { TurnOutcome } from '../../../runner/agents/turn.ts'
import type { Ended } from '../../../runner/domain/record.ts'
import { noUsage, type Usage } from '../../../runner/domain/record.ts'
import { blame, usageOf } from '../../../runner/run/metering.ts'
import type { Grant } from '../../../runner/seams/gateway.ts'

type Seen = { readonly ending?: Ended; readonly trouble?: ReturnType<Grant['trouble']>; readonly usage?: Usage }
/** A grant as it is after its run. */
const grantThat = ({ ending, trouble, usage = noUsage }: Seen): Grant => ({
  token: 'pt-token',
  providers: ['anthropic'],
  listen: async () => {},
  over: ending ? AbortSignal.abort() : new AbortController().signal,
  ending,
  usage: () => usage,
  calls: () => [],
  trouble: () => trouble,
  [Symbol.asyncDispose]: async () => {},
})
const endingOf = (outcome: TurnOutcome, seen: Seen | undefined) =>
  blame({ turns: [], agentMs: 1, outcome }, seen && grantThat(seen)).outcome.ended

const completed: TurnOutcome = { ended: { as: 'completed' } }
const gaveUp: TurnOutcome = { ended: { as: 'completed' }, failed: 'API Error: 500' }
const exited: TurnOutcome = { ended: { as: 'completed' }, withoutWork: { as: 'error', code: 'agent_command_failed', message: 'exit 1' } }
const raised: TurnOutcome = { ended: { as: 'error', code: 'agent_exception', message: 'raised' } }
const late: TurnOutcome = { ended: { as: 'limit', limit: 'time' } }
const full: TurnOutcome = { ended: { as: 'limit', limit: 'disk' } }
const down = { code: 'model_upstream_failed', message: 'anthropic answered 500' } as const
const spent: Ended = { as: 'limit', limit: 'cost' }

describe('whose fault it is', () => {
  test.each<[string, TurnOutcome, Seen | undefined, unknown]>([
    ['nobody saw anything', gaveUp, undefined, { as: 'completed' }],
    ['the models answered, and the agent gave up', gaveUp, {}, { as: 'completed' }],
    ['a CLI that says it could not go on, when the last call had failed', gaveUp, { trouble: down }, { as: 'error', code: down.code }],
    ['a command that exited nonzero', exited, { trouble: down }, { as: 'error', code: down.code }],
    ['an exception', raised, { trouble: down }, { as: 'error', code: down.code }],
    ['an exception, when the models answered', raised, {}, { as: 'error', code: 'agent_exception' }],
    ['the time ran out while nobody answered', late, { trouble: down }, { as: 'error', code: down.code }],
    ['the time ran out, when the models answered', late, {}, { as: 'limit', limit: 'time' }],
    ['an agent that could do without', completed, { trouble: down }, { as: 'completed' }],
    ['a spent budget, whatever the agent made of it', completed, { ending: spent }, spent],
    ['a spent budget, and it gave up', gaveUp, { ending: spent, trouble: down }, spent],
    ['a full disk is the agent`s own doing', full, { trouble: down }, { as: 'limit', limit: 'disk' }],
  ])('%s', (_, outcome, seen, ended) => expect(endingOf(outcome, seen)).toMatchObject(ended as object))

  test('what the agent said is part of the message', () => {
    expect(endingOf(gaveUp, { trouble: down })).toMatchObject({ message: expect.stringMatching(/answered 500.*API Error: 500/s) })
  })
})

describe('usage', () => {
  const metered: Usage = { by: 'metered', inputTokens: 10, outputTokens: 2, costUsd: 0.1 }
  const reported = { input: 1, cacheRead: 2, cacheWrite: 3, output: 4, costUsd: 0.5 }

  test('the meter wins over what the agent says of itself', () => {
    expect(usageOf(grantThat({ usage: metered }), reported)).toEqual(metered)
  })
  test('what passed no meter is only reported', () => {
    expect(usageOf(grantThat({}), reported)).toMatchObject({
      by: 'reported',
      inputTokens: 6,
      outputTokens: 4,
      cacheReadTokens: 2,
      costUsd: 0.5,
    })
    expect(usageOf(undefined, undefined)).toEqual(noUsage)
  })
})
