import { decode } from '../../../lib/clip.ts'
import type { SessionFile } from '../cli.ts'
import { contentText, type Fields, fields, isFields, list, parseFields, text } from './stream/fields.ts'
import { eventsOf } from './stream/session-log.ts'

/** `report`: what the model was told. `display`: what a terminal would show. */
export type RecordedCall = {
  readonly id: string
  readonly name: string
  readonly input: Fields
  readonly failed: boolean
  readonly report: string
  readonly display: unknown
}
type Message = {
  readonly at: unknown
  readonly said: string
  readonly thoughts: readonly string[]
  readonly calls: readonly RecordedCall[]
}

/** What the model said and called, by the logs; `last`: only since the last prompt of the log written last. */
export function geminiMessages(sessions: readonly SessionFile[], last: boolean): readonly Message[] {
  const logs = sessions.filter(({ path }) => /session-[^/]*\.jsonl?$/.test(path)).map(messagesOf)
  if (!last) return logs.flat().filter(isAnswer).map(messageOf)
  const log = logs.at(-1) ?? []
  return log
    .slice(log.findLastIndex(isPrompt) + 1)
    .filter(isAnswer)
    .map(messageOf)
}

/** One JSON document, or one object a line, where a later one with the same id takes the place of an earlier. */
function messagesOf(file: SessionFile): readonly Fields[] {
  const whole = parseFields(decode(file.bytes))
  if (whole?.messages !== undefined) return list(whole.messages).filter(isFields)
  const messages = new Map<string, Fields>()
  for (const event of eventsOf(file)) {
    for (const message of [event, ...list(fields(event.$set).messages).filter(isFields)]) {
      const id = text(message.id)
      if (id !== undefined) messages.set(id, message)
    }
  }
  return [...messages.values()]
}

const isAnswer = ({ type }: Fields): boolean => type === 'gemini'
const isPrompt = ({ type, content }: Fields): boolean =>
  type === 'user' && list(content).every((part) => fields(part).functionResponse === undefined)

const messageOf = ({ timestamp, content, thoughts, toolCalls }: Fields): Message => ({
  at: timestamp,
  said: contentText(content),
  thoughts: list(thoughts)
    .map(fields)
    .map(({ subject, description }) => [text(subject), text(description)].filter(Boolean).join(': ')),
  calls: list(toolCalls).filter(isFields).map(callOf),
})

function callOf({ id, name, args, status, result, resultDisplay }: Fields): RecordedCall {
  const responses = list(result).map((part) => fields(fields(fields(part).functionResponse).response))
  return {
    id: text(id) ?? '',
    name: text(name) ?? '',
    input: fields(args),
    failed: status === 'error' || status === 'cancelled',
    report: responses.flatMap(({ output, error }) => text(error) ?? text(output) ?? []).join('\n'),
    display: resultDisplay,
  }
}
