import { Problems, ProctorError } from '../../domain/error.ts'
import type { Pull } from './read-pull.ts'

/** A problem on one line, for a warning. */
export const inWords = ({ place, code, message }: ProctorError): string =>
  `${place ? `${place.file}:${place.line}: ` : ''}${message} (${code})`

/** What somebody can act on as a list; anything else is thrown on. */
export function problemsIn(thrown: unknown): readonly ProctorError[] {
  if (thrown instanceof Problems) return thrown.all
  if (thrown instanceof ProctorError) return [thrown]
  throw thrown
}

/** Of a change, only agents are read from head: any other file that is wrong is wrong on the base. */
export function namingBase(problems: readonly ProctorError[], { decides: { agents, agentProblems } }: Pull): ProctorError[] {
  const heads = new Set([...agents.map(({ file }) => file), ...agentProblems.flatMap(({ place }) => place?.file ?? [])])
  return problems.map((problem) => {
    const { code, message, place } = problem
    return place === undefined || heads.has(place.file)
      ? problem
      : new ProctorError(code, `on the base: ${message}`, { place, cause: problem })
  })
}
