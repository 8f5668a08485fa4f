import type { BlobRef } from '../domain/blob.ts'
import { noUsage, type RunRecord, type Usage } from '../domain/record.ts'
import type { Grant } from '../seams/gateway.ts'
import type { Blobs } from '../seams/records.ts'
import type { Conversation } from './converse.ts'

/**
 * Whose fault it is that an agent could not go on: a CLI that lost its model ends much like one that gave up by itself, and some end
 * with exit code 0 whatever happened, but the gateway has seen it.
 */
export function blame(conversation: Conversation, grant: Grant | undefined): Conversation {
  const { outcome } = conversation
  const { ended } = outcome
  if (!grant || (ended.as === 'limit' && ended.limit !== 'time')) return conversation
  if (grant.ending && ended.as !== 'limit') return { ...conversation, outcome: { ...outcome, ended: grant.ending } }
  const trouble = grant.trouble()
  const couldNot = outcome.failed !== undefined || outcome.withoutWork !== undefined || ended.as === 'limit' || ended.as === 'error'
  if (!trouble || !couldNot) return conversation
  const said = outcome.failed ? ` The agent said: ${outcome.failed}` : ''
  return { ...conversation, outcome: { ...outcome, ended: { as: 'error', code: trouble.code, message: `${trouble.message}${said}` } } }
}

/** What the gateway metered; what the agent counted itself only where nothing passed the gateway. */
export function usageOf(grant: Grant | undefined, reported: Conversation['outcome']['reported']): Usage {
  const metered = grant?.usage()
  if (metered && metered.by !== 'none') return metered
  if (!reported) return noUsage
  const { input, cacheRead, cacheWrite, output, costUsd } = reported
  return {
    by: 'reported',
    inputTokens: input + cacheRead + cacheWrite,
    outputTokens: output,
    costUsd,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
  }
}

/** JSON Lines of what was asked of models, or nothing. */
export async function storeCalls(grant: Grant | undefined, blobs: Blobs): Promise<Pick<RunRecord, 'calls'>> {
  const calls = grant?.calls() ?? []
  if (calls.length === 0) return {}
  const lines = calls.map((call) => Buffer.from(`${JSON.stringify(call)}\n`))
  const stored: BlobRef = await blobs.put(ReadableStream.from(lines), 'model-calls.jsonl')
  return { calls: stored }
}
