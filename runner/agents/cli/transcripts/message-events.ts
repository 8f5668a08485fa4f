import type { Result } from './steps/call.ts'
import type { Reading } from './steps/reading.ts'
import { thinking } from './steps/timeline.ts'
import { contentText, type Fields, fields, isFields, list, short, text, time } from './stream/fields.ts'

/** What a CLI adds to the plain result of a call: exit codes, diffs. */
export type ResultOf = (content: string, isError: boolean, details: unknown) => Result

/**
 * `assistant` and `user` events whose `message` is one of the Messages API: Claude Code's stream, its session log and Qwen Code's stream.
 * What subagents say and do stands among the rest, their words marked.
 */
export class MessageEvents {
  readonly #reading: Reading
  readonly #resultOf: ResultOf

  constructor(reading: Reading, resultOf: ResultOf) {
    this.#reading = reading
    this.#resultOf = resultOf
  }

  assistant(event: Fields, receivedAt: Date): void {
    const at = time(event.timestamp, receivedAt)
    const helper = event.parent_tool_use_id || event.isSidechain ? `[${text(event.subagent_type) ?? 'subagent'}] ` : ''
    const { content } = fields(event.message)
    for (const block of typeof content === 'string' ? [{ type: 'text', text: content }] : list(content)) {
      if (!isFields(block)) continue
      if (block.type === 'text') this.#say(text(block.text) ?? '', helper, at)
      else if (block.type === 'thinking') this.#reading.timeline.say(thought(text(block.thinking) ?? ''), at)
      else if (block.type === 'tool_use' || block.type === 'server_tool_use' || block.type === 'mcp_tool_use')
        this.#reading.timeline.open(
          text(block.id) ?? '',
          { name: text(block.name) ?? 'a tool without a name', input: fields(block.input) },
          at,
        )
    }
  }

  user(event: Fields): void {
    const details = event.tool_use_result ?? event.toolUseResult
    for (const block of list(fields(event.message).content)) {
      if (!isFields(block) || block.type !== 'tool_result') continue
      const result = this.#resultOf(contentText(block.content), block.is_error === true, details)
      if (!this.#reading.timeline.close(text(block.tool_use_id) ?? '', result)) this.#reading.orphans += 1
    }
  }

  #say(said: string, helper: string, at: Date): void {
    if (!said.trim()) return
    if (!helper) this.#reading.said = short(said)
    this.#reading.timeline.say(helper + said, at)
  }
}

const thought = (said: string): string => (said.trim() ? thinking + said : '')
