import type { Trouble } from '../../domain/model-call.ts'
import type { Answer } from '../upstream/send.ts'

/** An answer of a provider that says no, read to its end. `said` is its message for people, bounded. */
export type ErrorAnswer = { readonly body: Buffer; readonly said: string; readonly trouble?: Trouble }

const mostBytes = 256 * 1024

/** Throws what the body throws. What comes after `mostBytes` is dropped: no error is that long. */
export async function readError({ status, body }: Answer): Promise<ErrorAnswer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    // A copy: a chunk is good until the next is asked for.
    if (length < mostBytes) chunks.push(Buffer.from(chunk))
    length += chunk.length
  }
  const text = Buffer.concat(chunks).toString('latin1').slice(0, mostBytes).replaceAll(accountNames, '***')
  const bytes = Buffer.from(text, 'latin1')
  const trouble = troubleOf(status, text)
  return { body: bytes, said: saidIn(bytes.toString('utf8')), ...(trouble ? { trouble } : {}) }
}

/** What a provider says of the account behind a key: its organisation, its project, a part of the key. No agent needs to know. */
const accountNames = /\b(?:org|proj|sk|AIza)[-_*][\w*.-]{6,}|\bAIza[\w*.-]{6,}/g

/** 4xx of other kinds are the agent's own doing: a model that does not exist, a request that is malformed. */
function troubleOf(status: number, text: string): Trouble | undefined {
  if (status === 403 && wrongModel.test(text)) return undefined
  if (status === 401 || status === 402 || status === 403 || (status < 500 && accountTrouble.test(text))) return 'key refused'
  if (status === 429) return 'rate limited'
  if (status >= 500 || status < 400) return 'server error'
  return status === 408 ? 'no answer in time' : undefined
}
/** The key is good, but not for the model that the agent asked for. */
const wrongModel = /"model_not_found"|does not have access to model/
/** Codes and words by which a 400 or a 429 says that an admin has to act. */
const accountTrouble = /API_KEY_INVALID|insufficient_quota|credit balance is too low/

function saidIn(text: string): string {
  const plain = messageIn(text)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain
}

function messageIn(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text)
    const [first] = Array.isArray(parsed) ? parsed : [parsed]
    return typeof first?.error?.message === 'string' ? first.error.message : text
  } catch {
    return text
  }
}
