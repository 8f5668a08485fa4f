import type { Code } from '../domain/error.ts'
import type { ModelCall } from '../domain/model-call.ts'
import type { Plan, Run } from '../domain/plan.ts'
import type { Provider } from '../domain/provider.ts'
import type { Ended, Usage } from '../domain/record.ts'
import type { Result } from '../domain/result.ts'

/** All that an agent can reach: models, through the routes that are allowed, and the hosts that it was granted. One grant a run. */
export interface Gateway {
  /** The budgets of a plan and its batches, and its prices. What earlier starts spent counts. Before the first `admit`. */
  begin(plan: Plan, done: readonly Result[]): void
  /** Opens a run's way out. Nothing answers before `listen`. */
  admit(admission: Admission): Promise<Grant>
  /** Providers that a run could call with what the host knows: a key in its environment, or recorded answers. */
  readonly providers: readonly Provider[]
}
export type Admission = {
  readonly run: Pick<Run, 'id' | 'eval' | 'limits'> & { readonly agent: Pick<Run['agent'], 'slug' | 'models'> }
  /** Keys that the agent's file binds to credentials: used instead of the host's own. They stay here. */
  readonly keys: ReadonlyMap<Provider, string>
  /** Host names that may be reached through the proxy, `*.example.com` included. */
  readonly hosts: readonly string[]
  /** `network: open`: routes and tools of a provider that reach beyond one answer are let through too. */
  readonly open: boolean
  /** Masks the run's own secrets, which recorded answers must not hold. */
  readonly redact?: (text: string) => string
}

/** One run's token, with its meter and its end. When it is disposed of, its socket is gone and its token means nothing. */
export interface Grant extends AsyncDisposable {
  readonly token: string
  readonly providers: readonly Provider[]
  /** Answers on `gateway.sock` in this folder of the host, from now on. */
  listen(folder: string): Promise<void>
  /** Fires when there is no point in going on: a budget is spent, or nothing upstream answers. `ending` says which. */
  readonly over: AbortSignal
  readonly ending: Ended | undefined
  /** What was metered so far; a request under way counts with what is reserved for it. */
  usage(): Usage
  calls(): readonly ModelCall[]
  /** What went wrong upstream in the last call, so that whatever the agent made of it is not the agent's fault. */
  trouble(): { readonly code: Code; readonly message: string } | undefined
}
