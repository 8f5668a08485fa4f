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
  for (const [at, error] of errors.entries()) {
    const next = errors[at + 1]
    process.stderr.write(`${next && nextStep(next) === nextStep(error) ? whatHappened(error) : errorText(error)}\n`)
  }
  if (errors.length > 1) process.stderr.write(`\n${errors.length} problems\n`)
  return Math.max(...errors.map(({ code }) => explain(code).exit))
}

/** What happened, where, who must act, and the next step. Of several with the same next step, the last says it for all. */
export const errorText = (error: ProctorError): string => `${whatHappened(error)}\n${nextStep(error)}`

function nextStep({ code, cause }: ProctorError): string {
  const { who, next } = explain(code)
  const stack = code === 'internal_error' && cause instanceof Error && cause.stack ? `\n${cause.stack}` : ''
  return `  ${who}: ${next}${stack}`
}

function whatHappened(error: ProctorError): string {
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
  return lines.join('\n')
}

export function unknownVerb(verb: string, known: readonly string[]): ProctorError {
  const guess = nearest(verb, known)
  return new ProctorError(
    'usage_invalid',
    `unknown command "${verb}"${guess ? `; did you mean "${guess}"?` : `; known: ${known.join(', ')}`}`,
  )
}
