import type { Tokens } from '../domain/model-call.ts'
import type { Start } from '../domain/plan.ts'
import type { Provider } from '../domain/provider.ts'
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
  /** A step for those who watch, which is not kept: a CLI's trajectory is complete only after its end. */
  readonly sees: (body: StepBody, at?: Date) => void
  /** Absent with `network: none`. */
  readonly gateway?: { readonly url: string; readonly token: string; readonly providers: readonly Provider[] }
}
/** `withoutWork`: how the turn ended if it turns out that the workspace is unchanged. `stepsFromDiff`: nobody saw which files were written. */
export type TurnOutcome = {
  readonly ended: Ended
  readonly withoutWork?: Ended
  readonly stepsFromDiff?: boolean
  readonly warnings?: readonly string[]
  /** The agent says that it could not go on, in its words: whose fault that is, only the gateway's meter can tell. */
  readonly failed?: string
  /** The agent's own count of what it used. */
  readonly reported?: Tokens & { readonly costUsd: number }
}

/** What ended a command from outside, when something did. Without a result it was stopped, and whoever did that knows why. */
export function stoppedBy(exec: Exec | undefined): Ended | undefined {
  if (!exec) return { as: 'cancelled' }
  const { over, timedOut } = exec
  if (over) return { as: 'limit', limit: over }
  return timedOut ? { as: 'limit', limit: 'time' } : undefined
}
