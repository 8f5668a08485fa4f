import { explain, Problems, ProctorError, toError } from '../runner/domain/error.ts'
import { nearest } from '../runner/lib/nearest.ts'

/** Runs a command; whatever it throws becomes text on stderr and an exit code. A stack is shown only for what nobody foresaw. */
export async function guarded(command: () => Promise<number>): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', unlessClosed)
  try {
    return await command()
  } catch (thrown) {
    return report(thrown)
  }
}

/** Whoever reads may leave early, as `head` does; the work goes on without them. */
function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function report(thrown: unknown): number {
  const errors = thrown instanceof Problems ? thrown.all : [toError(thrown)]
  for (const error of errors) process.stderr.write(`${errorText(error)}\n`)
  if (errors.length > 1) process.stderr.write(`\n${errors.length} problems\n`)
  return Math.max(...errors.map(({ code }) => explain(code).exit))
}

/** What happened, where, who must act, and the next step. */
export function errorText(error: ProctorError): string {
  const { next, who } = explain(error.code)
  const place = error.place ? `${error.place.file}:${error.place.line}${error.place.column ? `:${error.place.column}` : ''}: ` : ''
  const lines = [`${place}${error.code}: ${error.message}`]
  if (error.command) lines.push(`  command: ${error.command}`)
  if (error.log)
    lines.push(
      ...error.log
        .trimEnd()
        .split('\n')
        .map((line) => `  | ${line}`),
    )
  lines.push(`  ${who}: ${next}`)
  if (error.code === 'internal_error' && error.cause instanceof Error && error.cause.stack) lines.push(error.cause.stack)
  return lines.join('\n')
}

export function unknownVerb(verb: string, known: readonly string[]): ProctorError {
  const guess = nearest(verb, known)
  return new ProctorError(
    'usage_invalid',
    `unknown command "${verb}"${guess ? `; did you mean "${guess}"?` : `; known: ${known.join(', ')}`}`,
  )
}
