import type { Start } from '../domain/plan.ts'
import { pythonFunction } from './python-function.ts'
import { shellCommand } from './shell-command.ts'
import type { TurnOutcome, TurnRequest } from './turn.ts'

type Kinds = { readonly [Kind in Start['kind']]: (request: TurnRequest<Extract<Start, { kind: Kind }>>) => Promise<TurnOutcome> }
const kinds: Kinds = { PythonFunction: pythonFunction, ShellCommand: shellCommand }

/** Plays one turn of an agent, whatever its kind. Throws only for a dead sandbox or the signal. */
export function playTurn({ start, ...request }: TurnRequest): Promise<TurnOutcome> {
  return start.kind === 'PythonFunction' ? kinds.PythonFunction({ ...request, start }) : kinds.ShellCommand({ ...request, start })
}
