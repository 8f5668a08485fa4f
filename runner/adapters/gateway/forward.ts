import type { IncomingMessage, ServerResponse } from 'node:http'
import { noTokens, type Tokens, type Trouble } from '../../domain/model-call.ts'
import type { Account } from '../upstream/accounts.ts'
import type { Reservation } from '../upstream/budgets.ts'
import type { Meter, ReadRequest } from '../upstream/dialect.ts'
import { type Answer, UpstreamFailed } from '../upstream/send.ts'
import type { Ask, Desk } from './desk.ts'
import { readError } from './error-answer.ts'
import { handOn } from './hand-on.ts'
import { forUpstream } from './headers.ts'
import { final, Refusal, refuse } from './refusal.ts'
import type { CallUnderWay } from './tally.ts'

/** `question`: absent for a route in whose requests nothing is read. `reservation`: absent for what costs nothing. `signal`: the agent went away. */
export type Job = {
  readonly desk: Desk
  readonly ask: Ask
  readonly account: Account
  readonly question?: ReadRequest | undefined
  readonly reservation?: Reservation | undefined
  readonly body: Uint8Array
  readonly call: CallUnderWay
  readonly signal: AbortSignal
}

/** Asks the provider, hands its answer on as it comes, and settles. Throws only what is a fault of ours, with everything paid. */
export async function forward(job: Job, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let meter: Meter | undefined
  let began = false
  try {
    const answer = await ask(job, request)
    if (answer.status < 200 || answer.status >= 300) return await refused(job, answer, response)
    began = true
    meter = job.question?.meter()
    const tokens = await handOn(answer, { ...job, isStream: isStream(job, request), meter }, response)
    settle(job, response.statusCode, tokens)
    if (job.reservation) job.desk.ending.answered()
  } catch (thrown) {
    if (job.signal.aborted) settle(job, 499, meter?.end().tokens)
    else if (thrown instanceof UpstreamFailed) broken(job, thrown, began ? { tokens: meter?.end().tokens } : undefined, response)
    else {
      settle(job, 500, undefined)
      throw thrown
    }
  }
}

function ask({ desk, ask: { path, query }, account, question, body, signal, ...job }: Job, request: IncomingMessage): Promise<Answer> {
  return desk.upstream.send(
    {
      as: 'agent',
      run: desk.run,
      account,
      method: request.method ?? 'GET',
      path: query === '' ? path : `${path}?${query}`,
      headers: forUpstream(request.headers, desk.token),
      body,
      stream: isStream({ question, ...job }, request),
      redact: desk.redact,
    },
    signal,
  )
}

const isStream = ({ question }: Pick<Job, 'question'>, request: IncomingMessage) =>
  question?.stream ?? request.headers.accept?.includes('text/event-stream') ?? false

/** The provider said no: that costs nothing. What it says of its account stays here. */
async function refused(job: Job, answer: Answer, response: ServerResponse): Promise<void> {
  const { desk, ask } = job
  const { body, said, trouble } = await readError(answer)
  const message =
    trouble === 'key refused'
      ? `${ask.provider} refused the key that proctor holds for it (${answer.status}: ${said}).`
      : `${ask.provider} answered ${answer.status}: ${said}`
  const hides = trouble === 'key refused' || answer.status < 400
  const status = answer.status < 400 ? 502 : answer.status
  free(job, status, trouble)
  if (trouble && job.reservation) desk.ending.failed(trouble, message)
  if (hides) return refuse(response, new Refusal(status, ''), desk.upstream.dialects[ask.provider].refuse(status, hidden(job, trouble)))
  response.writeHead(status, answer.headers).end(body)
}

const hidden = ({ ask: { provider } }: Job, trouble: Trouble | undefined) =>
  trouble === 'key refused'
    ? `${provider} refused the key that proctor holds for it. Asking again does not help: an admin has to correct it.`
    : `${provider} sent a redirect, which is not followed.`

/** Nobody answered (`answered` is absent), or not to the end. */
function broken(
  job: Job,
  { trouble, message }: UpstreamFailed,
  answered: { readonly tokens: Tokens | undefined } | undefined,
  response: ServerResponse,
): void {
  const { desk, ask, question, reservation } = job
  const status = trouble === 'not recorded' ? final : trouble === 'no answer in time' ? 504 : 502
  if (answered) settle(job, response.headersSent ? response.statusCode : status, answered.tokens, trouble)
  else free(job, status, trouble)
  if (reservation || (question && trouble === 'not recorded')) desk.ending.failed(trouble, message)
  // Half an answer must not look like a whole one.
  if (response.headersSent) response.destroy()
  else refuse(response, new Refusal(status, ''), desk.upstream.dialects[ask.provider].refuse(status, told(job, trouble)))
}

/** Where the provider is, and what else was recorded, is none of the agent's business. */
const told = ({ ask: { provider } }: Job, trouble: Trouble) =>
  trouble === 'not recorded' ? 'This request is not among the recorded ones.' : `${provider} could not be asked: ${trouble}.`

function free({ reservation, question, call }: Job, status: number, trouble: Trouble | undefined): void {
  reservation?.settle({ tokens: 0, costUsd: 0 })
  call.end({ status, model: question?.model ?? '', asked: reservation !== undefined, ...(trouble ? { trouble } : {}) })
}

/** Pays what the provider counted; without its count, all that was set aside. */
function settle({ desk, ask, question, reservation, call }: Job, status: number, counted: Tokens | undefined, trouble?: Trouble): void {
  const tokens = reservation && question ? (counted ?? question.worst) : noTokens
  const costUsd = question ? (desk.upstream.cost(`${ask.provider}/${question.model}`, question.priced?.(tokens) ?? tokens) ?? 0) : 0
  reservation?.settle(counted && { tokens: tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output, costUsd })
  const estimated = reservation && !counted ? { estimated: true as const } : {}
  call.end({
    status,
    model: question?.model ?? '',
    asked: reservation !== undefined,
    tokens,
    costUsd,
    ...estimated,
    ...(trouble ? { trouble } : {}),
  })
}
