import type { StepBody } from '../../../domain/step.ts'
import { shellOf } from './steps/steps-of.ts'
import { headed } from './steps/unified-diff.ts'
import { fields, text, whole } from './stream/fields.ts'

/** What the shell tool of Gemini CLI and Qwen Code tells the model: `Output: ...`, `Exit Code: 3`, in lines of their own. */
export function shellReport(report: string): { readonly output: string; readonly exitCode: number | null } | undefined {
  const begin = report.indexOf('Output: ')
  if (begin < 0 || (begin > 0 && report[begin - 1] !== '\n')) return undefined
  const ends = ['\nError: ', '\nExit Code: ', '\nSignal: ', '\nBackground PIDs: ', '\nProcess Group PGID: ', '\n</untrusted_context>']
  const found = ends.map((end) => report.lastIndexOf(end)).filter((at) => at > begin)
  const output = report.slice(begin + 'Output: '.length, found.length > 0 ? Math.min(...found) : undefined)
  const rest = report.slice(found.length > 0 ? Math.min(...found) : report.length)
  const exit = /\nExit Code: (\d{1,3})(?=\n|$)/.exec(rest)
  const killed = /\nSignal: (?!\(none\))/.test(rest)
  // Gemini says nothing of a command that went well.
  return { output: output === '(empty)' ? '' : output, exitCode: killed ? null : exit ? Number(exit[1]) : found.length > 0 ? 0 : null }
}

/** What a session log says of a call beyond the stream, as a change to its step. `display` is what a terminal would show. */
export function amendment(display: unknown, report: string): (body: StepBody) => readonly StepBody[] {
  const { fileDiff, isNewFile, filePath, exitCode } = fields(display)
  return (body) => {
    if (body.kind === 'shell') {
      const { output, exitCode: reported } = shellReport(report) ?? { output: undefined, exitCode: null }
      return [
        shellOf(body.detail.command, {
          text: body.detail.output || output || '',
          exitCode: whole(exitCode) ?? reported ?? body.detail.exit_code ?? null,
        }),
      ]
    }
    const path = text(filePath)
    if (body.kind !== 'edit' || text(fileDiff) === undefined || path === undefined) return [body]
    const diff = headed({ ...(isNewFile ? {} : { from: path }), to: path }, text(fileDiff) ?? '')
    return diff ? [{ kind: 'edit', detail: { path: body.detail.path, diff } }] : [body]
  }
}
