import { z } from 'zod'
import type { BlobRef, Json } from '../domain/blob.ts'
import { ProctorError } from '../domain/error.ts'
import type { Criterion, Judgement, Score } from '../domain/grade.ts'
import type { Judge, Run } from '../domain/plan.ts'
import type { RunRecord, Usage } from '../domain/record.ts'
import type { World } from '../seams/world.ts'
import { buildEvidence, type Evidence } from './evidence.ts'
import { criteria, type RubricCriterion } from './rubric.ts'

type Asked = {
  readonly run: Run
  readonly record: RunRecord
  readonly scores: readonly Score[]
  readonly judge: Judge
  readonly world: World
  readonly signal: AbortSignal
}
type Vote = { readonly criteria: readonly Criterion[]; readonly reasoning: string }

/** An answer whose quotes are not in the evidence is asked for again this often; then its passes are void. */
const askAgain = 2

/** Asks the model `samples` times and counts votes in code. Throws `judge_failed` when no usable answer comes. */
export async function judge({ run, record, scores, judge, world, signal }: Asked): Promise<{ judgement: Judgement; usage: Usage }> {
  const wanted = criteria(judge.rubric)
  const evidence = buildEvidence(await material({ run, record, scores, world }), wanted)
  const answers = await Promise.all(
    Array.from({ length: judge.samples }, () => vote({ run: run.id, model: judge.model, evidence, wanted, world, signal })),
  )
  return {
    judgement: count({ votes: answers.map(({ vote }) => vote), wanted, model: judge.model, cut: evidence.cut }),
    usage: sum(answers.map(({ usage }) => usage)),
  }
}

async function vote({
  run,
  model,
  evidence,
  wanted,
  world,
  signal,
}: {
  run: string
  model: string
  evidence: Evidence
  wanted: readonly RubricCriterion[]
  world: World
  signal: AbortSignal
}): Promise<{ vote: Vote; usage: Usage }> {
  const usages: Usage[] = []
  let messages = evidence.messages
  for (let attempt = 0; ; attempt++) {
    const { content, usage } = await world.model.complete({ model, messages, schema: answerSchema(wanted), name: 'verdict', run }, signal)
    usages.push(usage)
    const read = readAnswer(content, wanted, evidence.text)
    if (read.problem === undefined) return { vote: read.vote, usage: sum(usages) }
    if (attempt === askAgain) {
      if (read.vote) return { vote: read.vote, usage: sum(usages) }
      throw new ProctorError('judge_failed', `${model} did not answer the rubric: ${read.problem}`)
    }
    messages = [
      ...evidence.messages,
      { role: 'user', content: `Your last answer can't be used: ${read.problem} Answer again, with the same JSON.` },
    ]
  }
}

const Answer = z.object({
  criteria: z.array(z.object({ name: z.string(), pass: z.boolean(), quote: z.string(), reason: z.string() })),
  reasoning: z.string(),
})

/** `problem` says why to ask again; `vote` is then what remains when asking again does not help: void passes count as fails. */
function readAnswer(
  content: Json,
  wanted: readonly RubricCriterion[],
  evidence: string,
): { vote: Vote; problem?: undefined } | { vote?: Vote; problem: string } {
  const answer = Answer.safeParse(content)
  if (!answer.success) return { problem: 'it does not follow the schema.' }
  const given = new Map(answer.data.criteria.map((criterion) => [criterion.name, criterion]))
  const missing = wanted.filter(({ name }) => !given.has(name)).map(({ name }) => name)
  if (missing.length > 0) return { problem: `it leaves out ${missing.join(', ')}.` }

  const flat = squeeze(evidence)
  const judged = wanted.map(({ name }): Criterion & { isVoid: boolean } => {
    const { pass, quote, reason } = given.get(name) ?? { pass: false, quote: '', reason: '' }
    const isVoid = pass && (squeeze(quote) === '' || !flat.includes(squeeze(quote)))
    return {
      name,
      pass: pass && !isVoid,
      quote: isVoid ? '' : quote,
      reason: isVoid ? `void: its quote is not in the evidence. ${reason}` : reason,
      isVoid,
    }
  })
  const vote = { criteria: judged.map(({ isVoid: _, ...criterion }) => criterion), reasoning: answer.data.reasoning }
  const invalid = judged.filter(({ isVoid }) => isVoid).map(({ name }) => name)
  return invalid.length === 0
    ? { vote }
    : { vote, problem: `the quote for ${invalid.join(', ')} does not stand in the data, word for word.` }
}

/** Line breaks and runs of blanks are no part of a quotation's words. */
const squeeze = (text: string) => text.replace(/\s+/g, ' ').trim()

/** Majority per criterion; a tie is a fail. The judgement passes when every criterion does. */
function count({
  votes,
  wanted,
  model,
  cut,
}: {
  votes: readonly Vote[]
  wanted: readonly RubricCriterion[]
  model: string
  cut: readonly string[]
}): Judgement {
  const decided = wanted.map(({ name }): Criterion => {
    const cast = votes.flatMap((vote) => vote.criteria.filter((criterion) => criterion.name === name))
    const pass = cast.filter((criterion) => criterion.pass).length * 2 > cast.length
    return cast.find((criterion) => criterion.pass === pass) ?? { name, pass, quote: '', reason: '' }
  })
  const pass = decided.every((criterion) => criterion.pass)
  const agreeing = votes.filter((vote) => vote.criteria.every((criterion) => criterion.pass) === pass)
  return {
    pass,
    model,
    criteria: decided,
    reasoning: (agreeing[0] ?? votes[0])?.reasoning ?? '',
    agreement: agreeing.length / votes.length,
    samples: votes.length,
    cut,
  }
}

function answerSchema(wanted: readonly RubricCriterion[]): Record<string, Json> {
  const text = { type: 'string' }
  const criterion = {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'pass', 'quote', 'reason'],
    properties: { name: { type: 'string', enum: wanted.map(({ name }) => name) }, pass: { type: 'boolean' }, quote: text, reason: text },
  }
  return {
    type: 'object',
    additionalProperties: false,
    required: ['reasoning', 'criteria'],
    properties: { reasoning: text, criteria: { type: 'array', items: criterion } },
  }
}

async function material({ run, record, scores, world }: Pick<Asked, 'run' | 'record' | 'scores' | 'world'>) {
  const last = record.turns.at(-1)
  const [trajectory, diff] = await Promise.all([blobText(record.steps, world), last?.diff ? blobText(last.diff.text, world) : ''])
  const { expected } = run.sample
  return {
    task: record.turns.map(({ user }) => user).join('\n\n') || run.sample.user,
    ...(expected === undefined ? {} : { expected: typeof expected === 'string' ? expected : JSON.stringify(expected) }),
    response: last?.response ?? '',
    trajectory,
    diff,
    scores,
    ended:
      record.ended.as === 'limit'
        ? `stopped by its ${record.ended.limit} limit`
        : record.ended.as === 'error'
          ? `with ${record.ended.code}`
          : 'by itself',
  }
}

/** At most this many bytes are read: the evidence keeps head and tail of far less. */
const mostRead = 4 * 1024 * 1024

async function blobText(ref: BlobRef, world: World): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of await world.blobs.get(ref)) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes > mostRead) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function sum(usages: readonly Usage[]): Usage {
  const add = (pick: (usage: Usage) => number) => usages.reduce((total, usage) => total + pick(usage), 0)
  return {
    by: 'metered',
    inputTokens: add(({ inputTokens }) => inputTokens),
    outputTokens: add(({ outputTokens }) => outputTokens),
    costUsd: add(({ costUsd }) => costUsd),
  }
}
