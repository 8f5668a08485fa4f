import { dirname, join } from 'node:path'
import { type Answer, type Send, type UpstreamCall, UpstreamFailed } from '../send.ts'
import { bodyOf, isLasting, isWholeStream } from './answer.ts'
import { nearest } from './nearest.ts'
import { type Question, questionOf } from './question.ts'
import { Recorder } from './record.ts'
import { Player } from './replay.ts'
import { withoutToken } from './volatile.ts'

/** What is asked for agents, and what is asked for judges: these come from the trusted side. */
export const folderNames = { agent: 'agents', judge: 'judge' } as const
type Clock = () => Date

/**
 * Asks through `send` and keeps the answers below `folder`, in `agents/` and `judge/`. Kept is what is whole, and said because of the question: no
 * 401, 429 or 5xx, nothing that broke off. `redact` masks keys; the call's own `redact` masks the run's secrets. Whoever reads an answer to its end
 * finds it written. Throws `records_unwritable`.
 */
export function recording(send: Send, folder: string, redact: (text: string) => string, clock: Clock = () => new Date()): Send {
  const recorders = { agent: new Recorder(join(folder, folderNames.agent)), judge: new Recorder(join(folder, folderNames.judge)) }
  return async (call, signal) => {
    const recorder = recorders[call.as]
    const place = await recorder.place(call.run, questionOf(call, clock()))
    const answer = await send(call, signal)
    if (!isLasting(answer.status)) return answer
    const mask = (text: string) => redact(withoutToken(call.redact?.(text) ?? text))
    return { ...answer, body: taped(answer, (body) => recorder.write(place, answer, body, mask)) }
  }
}

async function* taped({ headers, body }: Answer, write: (body: Uint8Array) => Promise<void>): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = []
  let ended = false
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      yield chunk
    }
    ended = true
  } finally {
    const bytes = Buffer.concat(chunks)
    // Some clients hang up as soon as they saw the last event: we are left then, or the connection to the provider breaks under us.
    const isStream = headers['content-type']?.includes('text/event-stream')
    if (ended || (isStream && isWholeStream(bytes.toString('utf8')))) await write(bytes)
  }
}

/**
 * Answers from what was recorded, with neither key nor network: a judge's questions from `folders.judge`, all others from `folders.agent`. Throws
 * `UpstreamFailed` ('not recorded') with the nearest recorded request in its message.
 */
export function replaying(folders: { readonly agent: string; readonly judge: string }, clock: Clock = () => new Date()): Send {
  const players = { agent: new Player(folders.agent), judge: new Player(folders.judge) }
  return async (call, signal) => {
    signal.throwIfAborted()
    const question = questionOf(call, clock())
    const recorded = await players[call.as].next(call.run, question.id)
    if (!recorded) throw new UpstreamFailed('not recorded', await missing(call, question, players[call.as]))
    return { status: recorded.status, headers: recorded.headers, body: bodyOf(recorded) }
  }
}

async function missing(call: UpstreamCall, { asked }: Question, { shelf }: Player): Promise<string> {
  const model = typeof asked.body === 'object' && asked.body !== null && 'model' in asked.body ? ` to ${asked.body.model}` : ''
  const what = `${call.as === 'judge' ? "The judge's request" : 'The request'} ${asked.method} ${asked.path}${model} (${asked.provider}) was never recorded`
  const how = `Record it with \`proctor run --record ${dirname(shelf.folder)}\`, where the models can be asked.`
  const found = await nearest(shelf, asked)
  if (!found) return `${what}: there is nothing recorded in ${shelf.folder}. ${how}`
  const { at, recorded, asked: here } = found.difference
  const place = join(shelf.folder, found.id)
  return `${what}. The nearest one is ${place}; they first differ in ${at}:\n  recorded: ${recorded}\n  asked:    ${here}\n${how}`
}
