import type { StepBody } from '../../../domain/step.ts'
import type { SessionFile, Transcript } from '../cli.ts'
import { mcpStep } from './codex-items.ts'
import { editOf, shellOf, toolOf } from './steps/steps-of.ts'
import { type Slot, Timeline, thinking } from './steps/timeline.ts'
import { created, deleted, headed, shownPath } from './steps/unified-diff.ts'
import { contentText, type Fields, fields, isFields, list, parseFields, short, text, time, whole } from './stream/fields.ts'
import { eventsOf } from './stream/session-log.ts'

type Wanted = { readonly thread: string | undefined; readonly turns: number; readonly otherwise: Date }

/** The rollout of a thread, its last `turns` turns; of the thread that was last written when none is named. */
export function readRollout(sessions: readonly SessionFile[], { thread, turns, otherwise }: Wanted): Rollout | undefined {
  const logs = sessions.filter(({ path }) => /rollout-[^/]*\.jsonl$/.test(path)).map((file) => eventsOf(file))
  const events = logs.findLast((log) => thread === undefined || threadOf(log) === thread)
  if (!events) return undefined
  const begins = events.flatMap(({ type, payload }, index) =>
    type === 'event_msg' && fields(payload).type === 'task_started' ? [index] : [],
  )
  const rollout = new Rollout()
  for (const event of events.slice(begins.at(-turns) ?? begins[0] ?? 0)) rollout.read(event, time(event.timestamp, otherwise))
  return rollout.isEmpty ? undefined : rollout
}

const threadOf = (log: readonly Fields[]): unknown => fields(log.find(({ type }) => type === 'session_meta')?.payload).id

/** Calls in the order in which the model made them, each with what the CLI noted when it was done. */
export class Rollout {
  said: string | undefined
  readonly #timeline = new Timeline(() => {})
  readonly #calls = new Map<string, Fields>()
  /** Counts go on over the requests of a turn. */
  readonly #usage = new Map<string, Fields>()

  get isEmpty(): boolean {
    return this.#timeline.isEmpty
  }

  /** One of each turn; undefined when nothing was counted. */
  get usage(): readonly Fields[] | undefined {
    return this.#usage.size > 0 ? [...this.#usage.values()] : undefined
  }

  read({ type, payload }: Fields, at: Date): void {
    const entry = fields(payload)
    if (type === 'event_msg' && entry.type === 'item_completed') this.#item(fields(entry.item), at)
    if (type === 'response_item' && text(entry.call_id) !== undefined) this.#call(entry, text(entry.call_id) ?? '', at)
    if (type === 'token_usage_record' && isFields(entry.turn_token_usage))
      this.#usage.set(text(entry.turn_id) ?? '', entry.turn_token_usage)
  }

  /** `streamed`: what the stream showed. A rollout that broke off before it is followed by the rest of that. */
  finish(streamed: readonly Slot[]): Transcript['steps'] {
    const steps = this.#timeline.finish()
    const known = new Map<string | undefined, number>()
    for (const { tag } of this.#timeline.slots) known.set(tag, (known.get(tag) ?? 0) + 1)
    const rest = streamed.filter(({ tag }) => {
      const left = known.get(tag) ?? 0
      known.set(tag, left - 1)
      return tag !== undefined && left <= 0
    })
    return [...steps, ...rest.flatMap(({ at, bodies }) => bodies.map((body) => ({ at, body })))]
  }

  #item(item: Fields, at: Date): void {
    const done = (tag: string, steps: readonly StepBody[]) => this.#timeline.settle(text(item.id) ?? '', steps, at, tag)
    if (item.type === 'AgentMessage') {
      const said = contentText(item.content)
      if (said.trim()) this.said = short(said)
      this.#timeline.say(said, at, 'agent_message')
    } else if (item.type === 'Reasoning') {
      const thought = list(item.summary_text).filter((each) => text(each))
      if (thought.length > 0) this.#timeline.say(thinking + thought.join('\n'), at, 'reasoning')
    } else if (item.type === 'CommandExecution') done('command_execution', commandSteps(item))
    else if (item.type === 'FileChange') done('file_change', changeSteps(item))
    else if (item.type === 'McpToolCall') done('mcp_tool_call', [mcpStep(item)])
    else if (item.type === 'WebSearch') done('web_search', [toolOf({ name: 'web_search', input: { query: item.query } })])
  }

  /** What the model asked for, and what it was told. Calls that failed have nothing but this. */
  #call(entry: Fields, id: string, at: Date): void {
    if (text(entry.type)?.endsWith('_output')) {
      const call = this.#calls.get(id)
      const output = short(text(entry.output) ?? contentText(entry.output))
      // Not settled: of a command that goes on, the end is noted later.
      if (call) this.#timeline.sketch(id, callSteps(call, output))
    } else {
      this.#calls.set(id, entry)
      this.#timeline.begin(id, callSteps(entry), at, tagOf(entry))
    }
  }
}

/** The commands that Codex itself took a command line for; one that failed, or does anything else, is shown as it is. */
function commandSteps(item: Fields): readonly StepBody[] {
  const command = commandOf(item.command)
  const done = { text: text(item.aggregated_output) ?? '', exitCode: whole(item.exit_code) ?? null }
  const looked = list(item.parsed_cmd).map(fields)
  const plain = looked.length > 0 && looked.every(({ type }) => type === 'read' || type === 'search' || type === 'list_files')
  if (!plain || done.exitCode !== 0) return [shellOf(command, done)]
  return looked.map(({ type, path, query, cmd }) => {
    const where = text(path) === undefined ? {} : { path: shownPath(text(path) ?? '') }
    if (type === 'read') return { kind: 'read', detail: where }
    return { kind: 'search', detail: { query: text(query) ?? text(cmd) ?? command, ...where } }
  })
}

/** `["/bin/sh", "-lc", "make"]` -> `make`. */
function commandOf(command: unknown): string {
  const words = list(command).flatMap((word) => text(word) ?? [])
  return short(text(command) ?? (words.length === 3 && /^-l?c$/.test(words[1] ?? '') ? (words[2] ?? '') : words.join(' ')))
}

function changeSteps({ changes, status, stdout, stderr }: Fields): readonly StepBody[] {
  const files = Object.entries(fields(changes)).map(([path, change]) => [path, fields(change)] as const)
  if (status === 'failed' || status === 'declined') {
    const why = [text(stderr), text(stdout)].filter(Boolean).join('\n') || String(status)
    return [toolOf({ name: 'apply_patch', input: { changes: Object.fromEntries(files) } }, { text: why, failed: true })]
  }
  return files.map(([path, { type, content, unified_diff, move_path }]) => {
    const to = text(move_path) ?? path
    if (type === 'add') return editOf(path, created(path, text(content) ?? ''))
    if (type === 'delete') return editOf(path, deleted(path, text(content) ?? ''))
    return editOf(to, headed({ from: path, to }, text(unified_diff) ?? ''))
  })
}

/** What kind of item a call becomes when it goes well. */
function tagOf({ name, namespace }: Fields): string | undefined {
  if (text(namespace)?.startsWith('mcp__')) return 'mcp_tool_call'
  return name === 'exec_command' || name === 'shell' ? 'command_execution' : name === 'update_plan' ? 'todo_list' : undefined
}

function callSteps({ name, namespace, arguments: given, input }: Fields, output?: string): readonly StepBody[] {
  const call = {
    name: [text(namespace), text(name) ?? 'a tool without a name'].filter(Boolean).join('__'),
    input: parseFields(text(given) ?? '') ?? (text(input) === undefined ? {} : { input }),
  }
  if (call.name === 'exec_command' || call.name === 'shell') {
    const command = short(text(call.input.cmd) ?? commandOf(call.input.command))
    const exit = /^Process exited with code (\d{1,3})$/m.exec(output ?? '')
    return [shellOf(command, output === undefined ? undefined : { text: output, exitCode: exit ? Number(exit[1]) : null })]
  }
  const failed = output !== undefined && failures.test(output)
  return [toolOf(call, output === undefined ? undefined : { text: output, failed })]
}

const failures = /^(unsupported call|unable to |failed to |apply_patch verification failed|.{0,80}\brejected\b)/
