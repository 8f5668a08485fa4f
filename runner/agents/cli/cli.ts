import type { HarnessConfig } from '../../domain/harness.ts'
import type { Tokens } from '../../domain/model-call.ts'
import type { Provider } from '../../domain/provider.ts'
import type { StepBody } from '../../domain/step.ts'
import type { TreeFile } from '../../lib/pack-tree.ts'
import type { Command } from './command.ts'

/** A coding CLI, as much as running it headless needs to know. One file each; cli/index.ts is the table. */
export type CodingCli = {
  readonly name: string
  /** First words of a command that mean it. */
  readonly commands: readonly string[]
  /** First arguments that make the command something else than a turn of the agent, such as a login. */
  readonly chores: readonly string[]
  /** Whose models it can be pointed to through the gateway, the usual one first. Empty: it cannot be redirected. */
  readonly providers: readonly Provider[]
  /** Version that its recordings were made with; undefined when nobody here could run it. */
  readonly tested?: string
  /** Says what `harness` asks for and this CLI cannot do: names of parts. */
  unsupported(harness: HarnessConfig): readonly (keyof HarnessConfig)[]
  prepare(task: CliTask): Prepared
  /** Paths of the workspace that it makes for itself and leaves there. They are no work of its, and taken away after it unless they were there before. */
  readonly litter?: readonly string[]
  /** Folders below the home folder that hold its session logs, and which files of them. */
  readonly sessions: readonly { readonly folder: string; readonly files: RegExp }[]
  /** `text`: meant for people, so a line that nobody knows is nothing to remark on. */
  readonly prints: 'events' | 'text'
  reader(live: (step: StepBody, at: Date) => void): TranscriptReader
}
export type CliTask = {
  readonly command: Command
  readonly harness: HarnessConfig
  /** Where the gateway answers in the sandbox, and what it wants to see. Absent: the run has none. */
  readonly gateway?: { readonly url: string; readonly token: string; readonly providers: readonly Provider[] }
  /** What the run's commands find in their environment already; what an author set there wins. */
  readonly env: Readonly<Record<string, string>>
}
/**
 * `line`: what bash runs. `env` is added. `files`: relative to the home folder. `obeyed`: paths of the workspace that it would obey whatever
 * it is told, and that its author did not ask it to; they are not there while it runs.
 */
export type Prepared = {
  readonly line: string
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly TreeFile[]
  readonly obeyed?: readonly string[]
  readonly warnings: readonly string[]
}

/** Reads what a CLI prints while it runs, then its session logs. Never throws, whatever comes. */
export type TranscriptReader = {
  push(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: Date): void
  /** `sessions` in order of their names. What the logs say beyond the stream (diffs, exit codes, times) is merged in. */
  finish(sessions: readonly SessionFile[]): Transcript
}
export type SessionFile = { readonly path: string; readonly bytes: Uint8Array }
export type Transcript = {
  readonly steps: readonly { readonly at: Date; readonly body: StepBody }[]
  /** Its last words to the user. */
  readonly response: string
  /** What the CLI itself says about how it ended; `unknown` when it never said. */
  readonly ended: 'done' | 'failed' | 'unknown'
  /** Why it failed, in its words. */
  readonly problem?: string
  /** Its own count, used only where nothing was metered. */
  readonly reported?: Tokens & { readonly costUsd: number }
  /** Events and lines of no known kind. */
  readonly skipped: number
}
