import type { Ended, RunRecord } from '../domain/record.ts'
import type { ReportRun } from '../domain/report.ts'
import type { Result } from '../domain/result.ts'
import { runFiles } from './run-files.ts'

/** One result, as the report shows it. What is long is named by path. */
export function reportRun({ run, record, grade, reused }: Result): ReportRun {
  const files = runFiles(run.id, record)
  const code = grade.verdict === 'unscored' ? (grade.code ?? (record.ended.as === 'error' ? record.ended.code : undefined)) : undefined
  const { from } = run.sample
  return {
    id: run.id,
    sample: run.sample.id,
    side: run.side,
    epoch: run.epoch,
    attempt: run.attempt,
    verdict: grade.verdict,
    reason: grade.reason,
    ...(code !== undefined && { code }),
    ended: ended(record.ended),
    scores: grade.scores,
    judge: grade.judgement ?? null,
    response: record.turns.at(-1)?.response ?? '',
    diff: diff(record, files.diff?.path),
    turns: record.turns.map(({ id, user, response, steps }) => ({ id, user, response, steps })),
    trajectory: files.trajectory,
    outputs: files.outputs.map(({ path, ref }) => ({ name: ref.name, bytes: ref.bytes, path })),
    ledger: [],
    usage: {
      by: record.usage.by,
      input_tokens: record.usage.inputTokens,
      output_tokens: record.usage.outputTokens,
      cost_usd: record.usage.costUsd,
      cache_read_tokens: record.usage.cacheReadTokens ?? 0,
      cache_write_tokens: record.usage.cacheWriteTokens ?? 0,
      calls: record.usage.calls ?? 0,
    },
    ...(files.calls && { model_calls: files.calls.path }),
    warnings: [...new Set([...(run.sample.exercise?.warnings ?? []), ...record.warnings])],
    duration_ms: record.timing.durationMs,
    keys: run.keys,
    ...(from && { from: { file: from.file, line: from.line } }),
    ...(reused && { reused }),
  }
}

function ended(end: Ended): ReportRun['ended'] {
  if (end.as === 'limit') return { as: 'limit', limit: end.limit }
  if (end.as === 'error') return { as: 'error', code: end.code, message: end.message }
  return { as: end.as }
}

function diff({ turns }: RunRecord, path: string | undefined): ReportRun['diff'] {
  const last = turns.findLast((turn) => turn.diff)?.diff
  if (!last || path === undefined) return null
  const { files, added, removed, cut, left } = last
  return { files, added, removed, cut, left, path }
}
