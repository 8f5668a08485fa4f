import type { BlobRef } from './blob.ts'

/** What the agent's sandbox may reach: nothing, models through the gateway, those and some hosts, or everything. */
export type Network = 'none' | 'gateway' | 'open' | { readonly allow: readonly string[] }

/**
 * One step of making an image. An image is a list of layers and its digest is the digest of that list, so whichever
 * engine lacks it can prepare it. `blame` is the error code that a failing step ends in.
 */
export type Layer =
  | { readonly base: string }
  | {
      readonly run: string
      /** What people wrote, for logs and errors. Default: `run` itself. */
      readonly title?: string
      readonly as: 'root' | 'user'
      readonly cwd?: string
      readonly env?: Readonly<Record<string, string>>
      readonly network: 'none' | 'open'
      readonly blame: LayerBlame
    }
  | { readonly put: BlobRef; readonly at: string }

type LayerBlame =
  | 'image_build_failed'
  | 'environment_setup_failed'
  | 'python_not_available'
  | 'workspace_seed_failed'
  | 'workspace_setup_failed'

/** An image as data, with what a sandbox made of it needs at start. */
export type Environment = {
  readonly recipe: readonly Layer[]
  /** Layers at the beginning of the recipe that a Dockerfile body became: an image with a state of its own (`proctor images`). */
  readonly custom?: number
  /** A setup command whose environment holds a secret: it runs in each run's own sandbox, and no image is made of that. */
  readonly setup?: string
  readonly env: Readonly<Record<string, EnvValue>>
  readonly network: Network
  readonly resources: Resources
  readonly sudo: boolean
}
export type EnvValue = string | { readonly credential: string }
/** `memoryMb` and `diskMb` in MiB; `pids` counts processes and threads. */
export type Resources = { readonly cpus: number; readonly memoryMb: number; readonly pids: number; readonly diskMb: number }
