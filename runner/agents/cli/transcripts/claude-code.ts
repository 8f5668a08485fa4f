import type { StepBody } from '../../../domain/step.ts'
import type { SessionFile, Transcript, TranscriptReader } from '../cli.ts'
import { lastRun } from './claude-session.ts'
import { MessageEvents } from './message-events.ts'
import type { Result } from './steps/call.ts'
import { Reading } from './steps/reading.ts'
import { editOf } from './steps/steps-of.ts'
import type { Live } from './steps/timeline.ts'
import { changed, created, ofHunks } from './steps/unified-diff.ts'
import { amount, type Fields, fields, isFields, list, short, text, time } from './stream/fields.ts'

/** `claude -p --output-format stream-json --verbose`, and its logs below ~/.claude/projects. */
export const readClaudeCode = (live: Live): TranscriptReader => new ClaudeCode(live)

class ClaudeCode implements TranscriptReader {
  readonly #reading: Reading
  readonly #messages: MessageEvents

  constructor(live: Live) {
    this.#reading = new Reading(live, (event, at) => this.#event(event, at))
    this.#messages = new MessageEvents(this.#reading, claudeResult)
  }

  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void {
    this.#reading.lines.push(stream, bytes, at)
  }

  finish(sessions: readonly SessionFile[]): Transcript {
    this.#reading.close()
    this.#merge(sessions)
    return this.#reading.transcript()
  }

  #event(event: Fields, at: Date): boolean {
    switch (event.type) {
      case 'assistant':
        this.#messages.assistant(event, at)
        return true
      case 'user':
        this.#messages.user(event)
        return true
      case 'result':
        this.#result(event)
        return true
      case 'system':
        if (event.subtype === 'init') this.#reading.begin()
        return true
      default:
        return known.has(text(event.type) ?? '')
    }
  }

  /** Errors of the provider say `subtype: success` too: `is_error` alone tells. */
  #result(event: Fields): void {
    const said = text(event.result)
    if (said) this.#reading.said = short(said)
    const errors = list(event.errors).flatMap((error) => text(error) ?? [])
    const problem = said || errors.join('\n') || text(event.terminal_reason) || text(event.subtype) || ''
    this.#reading.end(event.is_error ? short(problem) : undefined)
    this.#count(event)
  }

  /** `usage` leaves out what subagents used; a session's totals, what a result before this one has counted. */
  #count({ usage, model_usage_since_last_result, total_cost_usd }: Fields): void {
    if (!isFields(model_usage_since_last_result)) {
      const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = fields(usage)
      this.#reading.count({
        input: amount(input_tokens),
        cacheRead: amount(cache_read_input_tokens),
        cacheWrite: amount(cache_creation_input_tokens),
        output: amount(output_tokens),
        costUsd: amount(amount(total_cost_usd) - (this.#reading.reported?.costUsd ?? 0)),
      })
      return
    }
    this.#reading.count({})
    for (const each of Object.values(model_usage_since_last_result).map(fields))
      this.#reading.count({
        input: amount(each.inputTokens),
        cacheRead: amount(each.cacheReadInputTokens),
        cacheWrite: amount(each.cacheCreationInputTokens),
        output: amount(each.outputTokens),
        costUsd: amount(each.costUSD),
      })
  }

  /** Where the stream told nothing, the session log tells all; where it broke off, results that were still written. */
  #merge(sessions: readonly SessionFile[]): void {
    const fromLogAlone = this.#reading.timeline.isEmpty
    const { orphans } = this.#reading
    for (const event of lastRun(sessions)) {
      if (event.type === 'assistant' && fromLogAlone) this.#messages.assistant(event, time(event.timestamp, this.#reading.lines.at))
      if (event.type === 'user') this.#messages.user(event)
    }
    if (!fromLogAlone) this.#reading.orphans = orphans
  }
}

/** Events of a stream that are no step. */
const known = new Set([
  'stream_event',
  'rate_limit_event',
  'tool_progress',
  'tool_use_summary',
  'auth_status',
  'keep_alive',
  'control_response',
])

function claudeResult(content: string, isError: boolean, details: unknown): Result {
  const plain = content.replaceAll(/<\/?tool_use_error>/g, '')
  if (isError) {
    const exit = /^(?:Error: )?Exit code (\d{1,3})(?:\n|$)/.exec(plain)
    return { text: exit ? plain.slice(exit[0].length) : plain, failed: true, exitCode: exit ? Number(exit[1]) : null }
  }
  const more = fields(details)
  const stdout = text(more.stdout)
  const output = stdout === undefined ? plain : [stdout, text(more.stderr)].filter(Boolean).join('\n')
  const running = more.interrupted === true || text(more.backgroundTaskId) !== undefined
  return { text: output, exitCode: running ? null : 0, diff: diffOf(more), edits: bashEdits(more.bashEditDiff) }
}

function diffOf({ filePath, notebook_path, structuredPatch, type, content, originalFile, original_file, updated_file }: Fields) {
  const path = text(filePath) ?? text(notebook_path)
  if (path === undefined) return undefined
  if (text(original_file) !== undefined) return changed(path, text(original_file) ?? '', text(updated_file) ?? '')
  if (type === 'create' || (type === 'update' && originalFile === null)) return created(path, text(content) ?? '')
  return Array.isArray(structuredPatch) ? ofHunks({ from: path, to: path }, structuredPatch) : undefined
}

/** Files that a command wrote. Byte code that it left behind is nobody's edit. */
function bashEdits(bashEditDiff: unknown): readonly StepBody[] {
  const { files, changedFiles } = fields(bashEditDiff)
  const shown = list(files)
    .map(fields)
    .flatMap(({ filePath, hunks, created, deleted }) => {
      const path = text(filePath)
      if (path === undefined) return []
      const names = { ...(created ? {} : { from: path }), ...(deleted ? {} : { to: path }) }
      return [[path, editOf(path, ofHunks(names, hunks))] as const]
    })
  const withDiff = new Set(shown.map(([path]) => path))
  const others = list(changedFiles)
    .flatMap((path) => text(path) ?? [])
    .filter((path) => !withDiff.has(path) && !path.includes('/__pycache__/'))
  return [...shown.map(([, step]) => step), ...others.map((path) => editOf(path))]
}
