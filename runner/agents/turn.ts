import type { Start } from '../domain/plan.ts'
import type { Ended } from '../domain/record.ts'
import type { StepBody } from '../domain/step.ts'
import type { Redactor } from '../lib/redact.ts'
import type { Exec, Sandbox } from '../seams/sandbox.ts'

/** One exchange, as a kind of agent has to play it. Code and task lie in the sandbox already (places.ts). */
export type TurnRequest<Kind extends Start = Start> = {
  readonly start: Kind
  readonly sandbox: Sandbox
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly redactor: Redactor
  /** Redacts and bounds what it is given. `at` = when the step began; default now. */
  readonly addStep: (body: StepBody, at?: Date) => void
  readonly addResponse: (text: string) => void
}
/** `withoutWork`: how the turn ended if it turns out that the workspace is unchanged. `stepsFromDiff`: nobody saw which files were written. */
export type TurnOutcome = {
  readonly ended: Ended
  readonly withoutWork?: Ended
  readonly stepsFromDiff?: boolean
  readonly warnings?: readonly string[]
}

/** What ended a command from outside, when something did. Without a result it was stopped, and whoever did that knows why. */
export function stoppedBy(exec: Exec | undefined): Ended | undefined {
  if (!exec) return { as: 'cancelled' }
  const { over, timedOut } = exec
  if (over) return { as: 'limit', limit: over }
  return timedOut ? { as: 'limit', limit: 'time' } : undefined
}
