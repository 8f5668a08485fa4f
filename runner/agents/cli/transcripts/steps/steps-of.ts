import type { StepBody } from '../../../../domain/step.ts'
import { type Fields, fields, list, text, toJson } from '../stream/fields.ts'
import type { Call, Result } from './call.ts'
import { lookOf } from './looks.ts'
import { created, overwritten, replaced, shownPath } from './unified-diff.ts'

/**
 * What a call to a tool was, as steps: mostly one. Tools that mean the same are called alike by the CLIs, give or take a letter. A read,
 * search or edit that failed never was one: it is a tool step, and its error is the result.
 */
export function stepsOf(call: Call, result?: Result): readonly StepBody[] {
  const kind = kinds.get(call.name)
  if (kind === 'shell') return [shellOf(commandOf(call.input), result), ...(result?.edits ?? [])]
  if (!kind || result?.failed) return [toolOf(call, result)]
  const path = pathOf(call.input)
  if (kind === 'search') {
    const query = first(call.input, 'pattern', 'globPattern', 'glob_pattern', 'query')
    if (query === undefined && path === undefined) return [toolOf(call, result)]
    return [{ kind, detail: { ...(query === undefined ? {} : { query }), ...(path === undefined ? {} : { path: shownPath(path) }) } }]
  }
  if (path === undefined) return [toolOf(call, result)]
  if (kind === 'read') return [{ kind, detail: { path: shownPath(path) } }]
  const diff = result && (result.diff ?? diffOf(path, call.input, result.overwrites))
  return [editOf(path, diff)]
}

/** A command that plainly only looked at something is shown as that, unless it failed. */
export function shellOf(command: string, result?: Pick<Result, 'text' | 'exitCode'>): StepBody {
  if (!result) return { kind: 'shell', detail: { command, exit_code: null } }
  const { text: output, exitCode = null } = result
  const looked = exitCode === 0 || (exitCode === 1 && !output.trim()) ? lookOf(command) : undefined
  return looked ?? { kind: 'shell', detail: { command, output, exit_code: exitCode } }
}

export const editOf = (path: string, diff?: string): StepBody => ({
  kind: 'edit',
  detail: { path: shownPath(path), ...(diff ? { diff } : {}) },
})

export function toolOf({ name, input }: Call, result?: Pick<Result, 'text' | 'failed' | 'value'>): StepBody {
  const answer = result && (result.failed ? { error: result.text } : (result.value ?? result.text))
  return { kind: 'tool', detail: { name, arguments: toJson(input), ...(result ? { result: toJson(answer) } : {}) } }
}

const kinds = new Map<string, 'shell' | 'read' | 'search' | 'edit'>([
  ...named('shell', 'Bash', 'bash', 'shell', 'run_shell_command', 'exec_command'),
  ...named('read', 'Read', 'read', 'read_file'),
  ...named('search', 'Grep', 'Glob', 'LS', 'grep', 'glob', 'list', 'ls', 'grep_search', 'search_file_content', 'list_directory'),
  ...named(
    'edit',
    'Edit',
    'MultiEdit',
    'Write',
    'NotebookEdit',
    'edit',
    'multiedit',
    'write',
    'replace',
    'write_file',
    'notebook_edit',
    'delete',
  ),
])
function named<Kind extends string>(kind: Kind, ...names: string[]): (readonly [string, Kind])[] {
  return names.map((name) => [name, kind] as const)
}

const commandOf = (input: Fields): string =>
  first(input, 'command', 'cmd') ??
  list(input.command)
    .filter((word) => text(word))
    .join(' ')
const pathOf = (input: Fields): string | undefined =>
  first(input, 'file_path', 'filePath', 'path', 'absolute_path', 'notebook_path', 'dir_path', 'targetDirectory')

/** What the input of an edit says about it: texts in the place of others, or all of a file. */
function diffOf(path: string, input: Fields, overwrites = false): string | undefined {
  const content = first(input, 'content', 'fileText', 'new_source')
  if (content !== undefined) return overwrites ? overwritten(path, content) : created(path, content)
  const edits = [input, ...list(input.edits).map(fields)].map((edit) => {
    const after = first(edit, 'new_string', 'newString', 'newText')
    return after === undefined ? '' : replaced(path, first(edit, 'old_string', 'oldString', 'oldText') ?? '', after)
  })
  const [head = '', ...more] = edits.filter(Boolean)
  return head + more.map((diff) => diff.slice(diff.indexOf('@@'))).join('') || undefined
}

function first(input: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) if (typeof input[name] === 'string') return input[name]
  return undefined
}
