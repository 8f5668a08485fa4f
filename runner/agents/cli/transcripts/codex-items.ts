import type { StepBody } from '../../../domain/step.ts'
import type { Transcript } from '../cli.ts'
import { unwrapShell } from './steps/shell-words.ts'
import { editOf, shellOf, toolOf } from './steps/steps-of.ts'
import { amount, contentText, type Fields, fields, isFields, list, short, text, whole } from './stream/fields.ts'

/** Tokens as OpenAI counts them, where input includes what came from a cache. */
export function codexUsage(usage: Fields): NonNullable<Transcript['reported']> {
  const [cacheRead, cacheWrite] = [amount(usage.cached_input_tokens), amount(usage.cache_write_input_tokens)]
  const input = Math.max(0, amount(usage.input_tokens) - cacheRead - cacheWrite)
  return { input, cacheRead, cacheWrite, output: amount(usage.output_tokens), costUsd: 0 }
}

/** What an item of the stream was; undefined for one of no known type. Messages are none of these. */
export function itemSteps(type: string, item: Fields): readonly StepBody[] | undefined {
  switch (type) {
    case 'command_execution': {
      const command = unwrapShell(short(text(item.command) ?? ''))
      const done = item.status !== 'in_progress'
      return [shellOf(command, done ? { text: text(item.aggregated_output) ?? '', exitCode: whole(item.exit_code) ?? null } : undefined)]
    }
    case 'file_change': {
      const changes = list(item.changes).map(fields)
      if (item.status === 'failed') return [toolOf({ name: 'apply_patch', input: { changes } }, { text: 'failed', failed: true })]
      return changes.flatMap(({ path }) => (text(path) === undefined ? [] : editOf(text(path) ?? '')))
    }
    case 'mcp_tool_call':
      return [mcpStep(item)]
    case 'web_search':
      return [toolOf({ name: 'web_search', input: { query: item.query } })]
    case 'todo_list':
      return [toolOf({ name: 'update_plan', input: { plan: item.items } })]
    case 'collab_tool_call':
      return [toolOf({ name: text(item.tool) ?? type, input: item })]
    default:
      return undefined
  }
}

/** A call to an MCP server, as stream and rollout both have it. */
export function mcpStep({ server, tool, arguments: input, result, error, status }: Fields): StepBody {
  const call = { name: `mcp__${text(server) ?? ''}__${text(tool) ?? ''}`, input: fields(input) }
  const { content, structured_content, structuredContent, isError } = fields(result)
  const failure = text(error) ?? text(fields(error).message)
  if (failure !== undefined) return toolOf(call, { text: failure, failed: true })
  if (!isFields(result)) return toolOf(call, status === 'failed' ? { text: 'failed', failed: true } : undefined)
  return toolOf(call, { text: contentText(content), failed: isError === true, value: structured_content ?? structuredContent ?? undefined })
}
