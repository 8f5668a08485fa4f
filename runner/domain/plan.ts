import type { BlobRef, Digest, Json, Place } from './blob.ts'
import type { Environment } from './environment.ts'
import type { HarnessConfig } from './harness.ts'
import type { Prices } from './model-call.ts'
import type { ScorerSpec } from './scorer.ts'

/** Who asked, and the trees they asked about. */
export type Trigger = {
  readonly kind: 'pull_request' | 'push' | 'tag' | 'command' | 'api' | 'local'
  /** On GitHub owner/name. */
  readonly repo: string
  /** Branch or tag. */
  readonly ref?: string
  /** Number of the pull request. */
  readonly pull?: number
  readonly head: Tree
  /** The merge base: configuration, scenarios and scorers are read from it; regressions are measured against it. */
  readonly base?: Tree
}
type Tree = { readonly sha: string; readonly files: BlobRef }

/** Everything that one trigger asked for, frozen. `id` is the digest of its content. */
export type Plan = {
  readonly id: Digest
  readonly trigger: Trigger
  readonly batches: readonly Batch[]
  readonly budget: Budget
  /** Ids of samples by shard, balanced; what is in none goes where its id falls. */
  readonly shards?: readonly (readonly string[])[]
  /** Prices that the repository's configuration sets, over the built-in ones. */
  readonly prices?: Prices
  /** How the repository wants results shown. */
  readonly publishing?: {
    readonly comment?: 'changes' | 'always' | 'never'
    readonly onReleaseFailure?: 'comment' | 'prerelease' | 'nothing'
  }
  readonly warnings: readonly string[]
}
/** The part of a plan for one eval and one agent = one check run. Runs of head and base are told apart by `side`. */
export type Batch = {
  readonly eval: string
  readonly agent: string
  readonly commit: string
  readonly runs: readonly Run[]
  readonly gate: Gate
  /** An eval that the change itself brings or alters: it runs, and decides nothing. */
  readonly proposed?: boolean
  /**
   * What the base side is. `failed`: it runs only samples that fail on head; `all`: each one. `same`: the agent is the base's own, and
   * each result counts for both sides.
   */
  readonly base?: { readonly commit: string; readonly samples: 'failed' | 'all'; readonly same?: true }
  /** The author's sentence for the report's reader. */
  readonly description?: string
}
export type Budget = { readonly costUsd?: number; readonly wallMs?: number }
export type Trust = 'black-box' | 'in-process' | 'unverified'
export type Gate = {
  readonly minPassRate: number
  readonly noRegressions: boolean
  readonly maxCostUsd?: number
  readonly minTrust?: Trust
}

/** One attempt, complete in itself: `examine(run)` needs nothing else but the blobs that it names. */
export type Run = {
  /** Derived from eval, agent, sample, side and epoch (`~n` = attempt): the same work has the same id on every machine. A file-name-safe string. */
  readonly id: string
  readonly eval: string
  readonly side: 'head' | 'base'
  /** 1-based. */
  readonly epoch: number
  readonly attempt: number
  readonly agent: Agent
  readonly sample: Sample
  readonly judge: Judge | 'none'
  readonly limits: Limits
  readonly keys: Keys
}
/** Both known: reuse the result. Run known: grade again. Neither: run. */
export type Keys = { readonly run: Digest; readonly grade: Digest }

export type Agent = {
  readonly slug: string
  readonly version?: string
  /** A tar of the agent's code, extracted to /home/user/agent. */
  readonly source: BlobRef
  /** What its own recipe adds; the run's image is base + these layers + the exercise's. */
  readonly environment: Environment
  readonly start: Start
  readonly concurrencyCap: number
  /** Models that it may call, by glob. Absent: all. */
  readonly models?: readonly string[]
  /** Hosts that it may reach because a credential was granted for them. */
  readonly hosts?: readonly string[]
  /** What its code was fetched with: a secret that its runs mask too. */
  readonly login?: Login
  readonly inputSchema?: Json
  readonly outputSchema?: Json
}
/** How a private repository is opened: with a credential by its name, or with the token that was stored for its URL. */
export type Login = { readonly credential: string } | { readonly storedFor: string }
/** The kind-specific part of agent.yaml. */
export type Start =
  | { readonly kind: 'PythonFunction'; readonly file: string; readonly entrypoint: string }
  | { readonly kind: 'ShellCommand'; readonly command: string; readonly harness?: HarnessConfig }

export type Sample = {
  readonly id: string
  readonly from?: Place
  /** The instruction. */
  readonly user: string
  /** The row's own columns, without `user`, `id` and wired ones. */
  readonly input: Readonly<Record<string, Json>>
  readonly expected?: Json
  /** The scenario, resolved and frozen; absent = no workspace. */
  readonly exercise?: Exercise
  readonly scorers: readonly ScorerSpec[]
}
export type Exercise = {
  readonly name: string
  /** A tar of the tree as it was fetched; `pinned` says which revision that was. */
  readonly workspace: BlobRef
  readonly pinned: string
  readonly login?: Login
  /** Exercise alone: this is all that the grading machine gets. Workspace, setup and baseline commit are its last layers. */
  readonly environment: Environment
  readonly setup: { readonly mode: 'platform' | 'agent' | 'none'; readonly text: string }
  /** Globs relative to the workspace. Only these paths of the work enter grading. */
  readonly editable: readonly string[]
  readonly protected: readonly string[]
  /** Runner hooks (conftest.py ...) that the author allows the agent to change, by glob. */
  readonly hooks: readonly string[]
  readonly grading: 'isolated' | 'live'
  readonly warnings: readonly string[]
}
/** Wall clock in ms from the start of the agent's turn. */
export type Limits = { readonly wallMs: number; readonly turns: number; readonly tokens?: number; readonly costUsd?: number }
export type Judge = { readonly model: string; readonly rubric: string; readonly samples: number }
