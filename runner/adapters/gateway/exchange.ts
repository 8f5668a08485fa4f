import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from '../../domain/provider.ts'
import type { Account } from '../upstream/accounts.ts'
import { type Reservation, Spent } from '../upstream/budgets.ts'
import type { ReadRequest } from '../upstream/dialect.ts'
import { readBody } from './body.ts'
import type { Ask, Desk } from './desk.ts'
import type { Ending } from './ending.ts'
import { forward } from './forward.ts'
import { final, Refusal, refuse } from './refusal.ts'
import type { CallUnderWay } from './tally.ts'

/** One request of an agent to a model: read, refused or paid for in advance, asked, handed on, settled. Never throws. */
export async function exchange(desk: Desk, ask: Ask, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = desk.tally.begin({ provider: ask.provider, route: ask.route.name })
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  let model = ''
  try {
    const account = accountFor(desk, ask)
    using body = await readBody(request, desk.held, desk.limits)
    const question = understand(desk, ask, body.bytes)
    model = question?.model ?? ''
    const reservation = question && !question.free ? await reserve(desk, ask.provider, question, call, gone.signal) : undefined
    await forward(
      { desk, ask, account, question, reservation, body: question?.body ?? body.bytes, call, signal: gone.signal },
      request,
      response,
    )
  } catch (thrown) {
    if (thrown instanceof Refusal) {
      call.end({ status: thrown.status, model, refused: thrown.message, asked: false })
      refuse(response, thrown, desk.upstream.dialects[ask.provider].refuse(thrown.status, thrown.message))
    } else {
      // The client went away before anything was asked for it; or a fault of ours, which must not take the others down.
      const isGone = gone.signal.aborted || request.destroyed
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      call.end({ status: isGone ? 499 : 500, model, asked: false, ...(isGone ? {} : { refused: `internal: ${why}` }) })
      response.destroy()
    }
  }
}

function accountFor({ accounts, ending, open, limited }: Desk, { provider, route }: Ask): Account {
  if (ending.ended) throw new Refusal(final, overMessage(ending))
  if (route.beyond && !open)
    throw new Refusal(403, `The route ${route.name} reaches beyond one answer; it is let through only with \`network: open\`.`)
  if (route.unmetered && (limited.cost || limited.tokens))
    throw new Refusal(403, `Nobody counts what the route ${route.name} spends, and this run has a budget.`)
  const account = accounts.get(provider)
  if (!account) throw new Refusal(403, `Nobody gave this run a key for ${provider}.`)
  return account
}

const overMessage = ({ ended }: Ending) =>
  ended?.as === 'limit'
    ? `The run's budget is spent (${ended.limit}).`
    : `The run is over: ${ended?.as === 'error' ? ended.message : 'no more models'}`

function understand(desk: Desk, { provider, route, path, query }: Ask, bytes: Buffer): ReadRequest | undefined {
  const read = route.read?.({ path, query, body: bytes, open: desk.open })
  if (!read) return undefined
  if ('refused' in read) throw new Refusal(final, read.refused)
  if (!/^[\x21-\x7e]{1,200}$/.test(read.model)) throw new Refusal(final, 'The name of the model has no form that a provider knows.')
  if (!desk.mayAsk(provider, read.model))
    throw new Refusal(403, `This run may not ask the model ${read.model}; its agent's file lists those it may under \`models\`.`)
  return read
}

/** Throws `Refusal`, and whatever ends the waiting when the client goes away. */
async function reserve(
  desk: Desk,
  provider: Provider,
  { model, worst, dearer, priced }: ReadRequest,
  call: CallUnderWay,
  signal: AbortSignal,
): Promise<Reservation> {
  if (dearer !== undefined && desk.limited.cost)
    throw new Refusal(
      final,
      `The request asks for ${dearer}, which costs more than ${model} is listed with, and this run has a budget in dollars.`,
    )
  const costUsd = desk.upstream.cost(`${provider}/${model}`, priced?.(worst) ?? worst)
  if (costUsd === undefined && desk.limited.cost)
    throw new Refusal(
      final,
      `${provider}/${model} has no price, and this run has a budget in dollars: set \`prices\` in .github/proctor.yml.`,
    )
  const tokens = worst.input + worst.cacheRead + worst.cacheWrite + worst.output
  try {
    const reservation = await desk.purse.reserve({ tokens, costUsd: costUsd ?? 0 }, signal)
    call.reserved(worst, costUsd ?? 0)
    if (desk.ending.ended) {
      reservation.settle({ tokens: 0, costUsd: 0 })
      throw new Refusal(final, overMessage(desk.ending))
    }
    return reservation
  } catch (thrown) {
    if (!(thrown instanceof Spent)) throw thrown
    desk.ending.spent(thrown.limit)
    throw new Refusal(final, thrown.message)
  }
}
