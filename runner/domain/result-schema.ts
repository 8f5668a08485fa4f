import { z } from 'zod'
import type { BlobRef, Digest } from './blob.ts'
import { type Code, codes } from './error.ts'
import type { Criterion, Grade, Judgement, Score } from './grade.ts'
import type { Keys } from './plan.ts'
import type { Diff, Ended, RunRecord, Usage } from './record.ts'
import type { Origin } from './result.ts'

/** Results that come from another machine: nothing of them is used before it has this shape. A field that a type gains must be named here too, says the compiler. */
type Fields<T> = { readonly [Name in keyof T]-?: z.ZodType }

export const DigestSchema = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]) satisfies z.ZodType<Digest>
const text = z.string()
const count = z.number().int().min(0)
const amount = z.number().min(0)

const blob = z.strictObject({ digest: DigestSchema, bytes: count, name: text } satisfies Fields<BlobRef>)
const usage = z.strictObject({
  by: z.enum(['metered', 'reported', 'none']),
  inputTokens: count,
  outputTokens: count,
  costUsd: amount,
  cacheReadTokens: count.exactOptional(),
  cacheWriteTokens: count.exactOptional(),
  calls: count.exactOptional(),
} satisfies Fields<Usage>)

const code = z.custom<Code>((value) => typeof value === 'string' && Object.hasOwn(codes, value))
const ended = z.union([
  z.strictObject({ as: z.enum(['completed', 'cancelled']) }),
  z.strictObject({ as: z.literal('limit'), limit: z.enum(['time', 'tokens', 'cost', 'turns', 'memory', 'disk']) }),
  z.strictObject({ as: z.literal('error'), code, message: text }),
]) satisfies z.ZodType<Ended>

const diff = z.strictObject({
  files: count,
  added: count,
  removed: count,
  cut: z.boolean(),
  left: z.array(text),
  text: blob,
} satisfies Fields<Diff>)
const turn = z.strictObject({
  id: text,
  user: text,
  response: text,
  diff: diff.exactOptional(),
  steps: count,
} satisfies Fields<RunRecord['turns'][number]>)

export const RunRecordSchema = z.strictObject({
  run: text,
  key: DigestSchema,
  ended,
  turns: z.array(turn),
  steps: blob,
  ledger: blob.exactOptional(),
  outputs: z.array(blob),
  work: blob.exactOptional(),
  usage,
  calls: blob.exactOptional(),
  warnings: z.array(text),
  timing: z.strictObject({ startedAt: text, durationMs: z.number(), agentMs: z.number() } satisfies Fields<RunRecord['timing']>),
} satisfies Fields<RunRecord>) satisfies z.ZodType<RunRecord>

const score = z.strictObject({
  name: text,
  type: text,
  required: z.boolean(),
  status: z.enum(['PASS', 'FAIL', 'N/A']),
  score: z.number().min(0).max(1),
  trust: z.enum(['black-box', 'in-process', 'unverified']),
  evidence: text,
} satisfies Fields<Score>)
const criterion = z.strictObject({ name: text, pass: z.boolean(), quote: text, reason: text } satisfies Fields<Criterion>)
const judgement = z.strictObject({
  pass: z.boolean(),
  model: text,
  criteria: z.array(criterion),
  reasoning: text,
  agreement: z.number().min(0).max(1),
  samples: count,
  cut: z.array(text),
} satisfies Fields<Judgement>)

export const GradeSchema = z.strictObject({
  run: text,
  key: DigestSchema,
  scores: z.array(score),
  judgement: judgement.exactOptional(),
  verdict: z.enum(['pass', 'fail', 'unscored']),
  reason: text,
  code: text.exactOptional(),
  usage,
} satisfies Fields<Grade>) satisfies z.ZodType<Grade>

export const KeysSchema = z.strictObject({ run: DigestSchema, grade: DigestSchema } satisfies Fields<Keys>)
export const OriginSchema = z.strictObject({ plan: DigestSchema, commit: text } satisfies Fields<Origin>)
