import { z } from 'zod'
import type { Digest } from './blob.ts'
import type { Report } from './report.ts'

/** report.json for those who read it from outside: fields that a later release adds are let through. Held against `Report` by the compiler, and against real reports by a test. */
const digest = z.templateLiteral(['sha256:', z.string()]).meta({ description: 'sha256:<hex>' }) satisfies z.ZodType<Digest>
const conclusion = z.enum(['success', 'failure', 'neutral', 'cancelled', 'action_required'])
const count = z.number().int().min(0)
const share = z.number().min(0).max(1)
const rate = { pass_rate: share.nullable(), interval: z.tuple([share, share]).nullable().meta({ description: '95% Wilson interval' }) }
const trust = z.enum(['black-box', 'in-process', 'unverified'])

const totals = z.object({ runs: count, pass: count, fail: count, unscored: count, ...rate, regressions: count, cost_usd: z.number() })

const score = z.object({
  name: z.string(),
  type: z.string(),
  required: z.boolean(),
  status: z.enum(['PASS', 'FAIL', 'N/A']),
  score: share,
  trust,
  evidence: z.string(),
})
const judgement = z.object({
  pass: z.boolean(),
  model: z.string(),
  criteria: z.array(z.object({ name: z.string(), pass: z.boolean(), quote: z.string(), reason: z.string() })),
  reasoning: z.string(),
  agreement: share,
  samples: count,
  cut: z.array(z.string()),
})
const said = { author: z.string(), url: z.string(), at: z.string().meta({ description: 'ISO 8601' }) }
const feedback = z.object({ rating: z.enum(['pass', 'fail', 'partial', 'none']), body: z.string(), trusted: z.boolean(), ...said })
const expected = z.object({ name: z.string(), bytes: count, digest, ...said })
const run = z.object({
  id: z.string(),
  sample: z.string(),
  side: z.enum(['head', 'base']),
  epoch: count,
  attempt: count,
  verdict: z.enum(['pass', 'fail', 'unscored']),
  reason: z.string(),
  code: z.string().exactOptional(),
  ended: z.object({
    as: z.string(),
    limit: z.string().exactOptional(),
    code: z.string().exactOptional(),
    message: z.string().exactOptional(),
  }),
  scores: z.array(score),
  judge: judgement.nullable(),
  response: z.string(),
  diff: z.object({ files: count, added: count, removed: count, cut: z.boolean(), left: z.array(z.string()), path: z.string() }).nullable(),
  turns: z.array(z.object({ id: z.string(), user: z.string(), response: z.string(), steps: count })),
  trajectory: z.string(),
  outputs: z.array(z.object({ name: z.string(), bytes: count, path: z.string() })),
  ledger: z.array(z.json()),
  usage: z.object({
    by: z.string(),
    input_tokens: count,
    output_tokens: count,
    cost_usd: z.number(),
    cache_read_tokens: count,
    cache_write_tokens: count,
    calls: count,
  }),
  model_calls: z.string().exactOptional(),
  warnings: z.array(z.string()),
  duration_ms: z.number(),
  keys: z.object({ run: digest, grade: digest }),
  from: z.object({ file: z.string(), line: count }).exactOptional(),
  reused: z.object({ plan: digest, commit: z.string() }).exactOptional(),
  feedback: z.array(feedback).exactOptional(),
  expected: z.array(expected).exactOptional(),
  contradicts: z.literal(true).exactOptional(),
})
const batch = z.object({
  eval: z.string(),
  agent: z.string(),
  commit: z.string(),
  conclusion,
  reason: z.string(),
  description: z.string().exactOptional(),
  gate: z.object({
    min_pass_rate: share,
    no_regressions: z.boolean(),
    max_cost_usd: z.number().exactOptional(),
    min_trust: z.string().exactOptional(),
  }),
  totals,
  missing: z.array(z.string()).exactOptional(),
  proposed: z.literal(true).exactOptional(),
  quarantined: z.array(z.string()).exactOptional(),
  comparison: z
    .object({
      base: z.string(),
      pairs: count,
      regressed: z.array(z.string()),
      fixed: z.array(z.string()),
      accepted: z.array(z.string()).exactOptional(),
      unpaired: count,
      p: share.nullable().meta({ description: 'Exact McNemar test, two-sided; with `unpaired` > 0 the least that it can be' }),
      detectable: count.nullable(),
    })
    .exactOptional(),
  pass_at: z.record(z.string(), share),
  pass_hat: z.record(z.string(), share),
  scorers: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      required: z.boolean(),
      trust: z.string(),
      pass: count,
      fail: count,
      na: count,
      ...rate,
    }),
  ),
  runs: z.array(run),
})
export const ReportSchema = z.object({
  schema: z.literal('proctor/report@1'),
  plan: digest,
  revision: count,
  state: z.enum(['running', 'complete', 'incomplete']),
  conclusion,
  missing: z.array(z.string()),
  totals,
  batches: z.array(batch),
  trigger: z.object({
    kind: z.string(),
    repo: z.string(),
    sha: z.string(),
    base: z.string().exactOptional(),
    ref: z.string().exactOptional(),
    pull: count.exactOptional(),
  }),
  generated_at: z.string(),
  proctor: z.string(),
  warnings: z.array(z.string()),
}) satisfies z.ZodType<Report>
