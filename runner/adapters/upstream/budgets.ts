import type { Plan, Run } from '../../domain/plan.ts'
import type { Result } from '../../domain/result.ts'

/** What may be spent by a run, by its batch and by the whole plan; each request has to fit into all three. */
export type Budgets = {
  begin(plan: Plan, done: readonly Result[]): void
  /** The purse of a run; the same run always gets the same. `as: judge`: no limit of the run itself, which is the agent's. */
  purse(run: Pick<Run, 'id' | 'eval' | 'limits'> & { readonly agent: Pick<Run['agent'], 'slug'> }, as: 'agent' | 'judge'): Purse
}
export type Amount = { readonly tokens: number; readonly costUsd: number }
export type Purse = {
  /**
   * Sets aside the most that a request can cost. While others under way hold what is needed, it waits for them in order; the only one
   * under way is let through as long as anything is left. So the sum never exceeds the budget by more than what was set aside.
   * Throws `Spent`.
   */
  reserve(worst: Amount, signal: AbortSignal): Promise<Reservation>
  /** Settled and set aside. */
  readonly used: Amount
}
export type Reservation = {
  /** Pays what it really was; without an amount, all that was set aside. Only the first call counts. */
  settle(actual?: Amount): void
}
export class Spent extends Error {
  readonly limit: 'cost' | 'tokens'
  constructor(limit: 'cost' | 'tokens', message: string) {
    super(message)
    this.limit = limit
  }
}
