import type { SessionFile } from '../cli.ts'
import { type Fields, fields, list, text } from './stream/fields.ts'
import { eventsOf } from './stream/session-log.ts'

/**
 * What Claude Code's logs say about the last prompt: the log that was written last, from that prompt on, and those of its subagents. A
 * log that goes on where another ended repeats what was in that.
 */
export function lastRun(sessions: readonly SessionFile[]): readonly Fields[] {
  const logs = sessions.filter(({ path }) => path.endsWith('.jsonl')).map((file) => eventsOf(file))
  const main = logs
    .filter((events) => events.some(isMain))
    .toSorted((a, b) => (lastTime(a) < lastTime(b) ? -1 : 1))
    .at(-1)
  if (!main) return []
  const begin = main.findLastIndex(isPrompt)
  const begun = stampOf(main[begin])
  const own = main.slice(begin + 1)
  const id = sessionOf(main)
  const helpers = logs
    .filter((events) => events !== main && sessionOf(events) === id)
    .flat()
    .filter((event) => event.isSidechain === true)
  const during = helpers.filter((event) => stampOf(event) >= begun)
  return during.length === 0
    ? own
    : [...own, ...during].toSorted((a, b) => (stampOf(a) < stampOf(b) ? -1 : stampOf(a) > stampOf(b) ? 1 : 0))
}

const isMain = (event: Fields): boolean => (event.type === 'assistant' || event.type === 'user') && event.isSidechain !== true
/** ISO 8601, so texts sort like times. */
const stampOf = (event: Fields | undefined): string => text(event?.timestamp) ?? ''
const lastTime = (events: readonly Fields[]): string => stampOf(events.findLast((event) => stampOf(event)))
const sessionOf = (events: readonly Fields[]): unknown => events.find(({ sessionId }) => text(sessionId))?.sessionId

/** What a person or a script asked, not the result of a call nor a note of the CLI to its model. */
function isPrompt(event: Fields): boolean {
  if (event.type !== 'user' || event.isSidechain === true || event.isMeta === true || event.origin !== undefined) return false
  const { content } = fields(event.message)
  return text(content) !== undefined || list(content).every((block) => fields(block).type !== 'tool_result')
}
