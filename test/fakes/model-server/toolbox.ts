import { type Asked, type Event, Missing, type Move, type Schema, sample, type Tool } from './conversation.ts'

type Call = NonNullable<Move['call']>
const shells = ['Bash', 'exec_command', 'shell', 'shell_command', 'run_shell_command', 'bash']
const readers = ['Read', 'read_file', 'read']
const editors = ['Edit', 'replace', 'edit']

/** The tools that a CLI offers, by what they are for. What it lacks is done in its shell. */
export type Toolbox = {
  shell(command: string): Call
  read(path: string): Call
  replace(path: string, broken: string, fixed: string): Call
}

/** Undefined when there is no shell among them: then this is no coding agent's main conversation. */
export function toolbox({ tools }: Asked): Toolbox | undefined {
  const find = (names: readonly string[]) => names.flatMap((name) => tools.filter((tool) => tool.name === name && !tool.free))[0]
  const shell = find(shells)
  if (!shell) return undefined
  const reader = find(readers)
  const editor = find(editors)
  const patcher = tools.find(({ name, free }) => name === 'apply_patch' && free)
  const run = (command: string) => {
    const property = named(shell, ['command', 'cmd'])
    const isList = shell.schema.properties?.[property]?.type === 'array'
    return call(shell, { [property]: isList ? ['bash', '-c', command] : command })
  }
  return {
    shell: run,
    read: (path) => (reader ? call(reader, { [pathOf(reader)]: path }) : run(`cat ${path}`)),
    replace(path, broken, fixed) {
      if (editor)
        return call(editor, {
          [pathOf(editor)]: path,
          [named(editor, ['old_string', 'oldString', 'old_str'])]: broken,
          [named(editor, ['new_string', 'newString', 'new_str'])]: fixed,
        })
      if (patcher) return { name: patcher.name, input: patch(path, broken, fixed) }
      return run(
        `python3 - <<'END'\nimport pathlib\np = pathlib.Path(${JSON.stringify(path)})\np.write_text(p.read_text().replace(${JSON.stringify(broken)}, ${JSON.stringify(fixed)}))\nEND`,
      )
    },
  }
}

const patch = (path: string, broken: string, fixed: string) =>
  `*** Begin Patch\n*** Update File: ${path}\n@@\n-${broken}\n+${fixed}\n*** End Patch\n`

const pathOf = (tool: Tool) => named(tool, ['file_path', 'absolute_path', 'filePath', 'path'])

function named(tool: Tool, names: readonly string[]): string {
  const found = names.find((name) => tool.schema.properties && name in tool.schema.properties)
  if (found === undefined) throw new Missing(`the tool ${tool.name} has none of ${names.join(', ')}`)
  return found
}

/** With something in every other property that the tool demands. */
function call({ name, schema }: Tool, input: Readonly<Record<string, unknown>>): Call {
  return { name, input: { ...(sample({ ...schema, type: 'object' } satisfies Schema) as object), ...input } }
}

/**
 * What the tools answered since the last prompt, in the order of the calls. Throws `Missing` when an answer is not there: a CLI must hand
 * back what its tools said.
 */
export function answersOf(events: readonly Event[]): readonly string[] {
  const calls = sincePrompt(events).filter((event) => event.as === 'call')
  return calls.map(({ id, name }) => {
    const result = events.find((event) => event.as === 'result' && event.id === id)
    if (result?.as !== 'result') throw new Missing(`the result of the call ${id} of ${name} is not in the request`)
    return result.text
  })
}

/** A prompt is what a user says at the beginning, and after an answer that called nothing. CLIs put notes of their own between. */
function sincePrompt(events: readonly Event[]): readonly Event[] {
  let start = 0
  for (const [index, event] of events.entries()) {
    if (event.as !== 'user') continue
    const before = events.slice(0, index).findLast(({ as }) => as !== 'user')
    if (before?.as === 'assistant') start = index
  }
  return events.slice(start)
}

export const promptOf = (events: readonly Event[]): string =>
  sincePrompt(events)
    .map((event) => (event.as === 'user' ? event.text : ''))
    .join('\n')
