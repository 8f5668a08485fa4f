import type { Layer, Network, Resources } from '../domain/environment.ts'

/** Where code that nobody trusts runs. Engine faults throw `engine_unreachable`, `engine_deadline`, `sandbox_lost` or `base_image_missing`. */
export interface Sandboxes {
  /** Makes the image, or finds it; one build at a time for the same recipe. A failing layer throws its `blame` with command and log tail. */
  prepare(recipe: readonly Layer[], options: { signal: AbortSignal; onLog?: (text: string) => void; custom?: CustomPart }): Promise<Image>
  /** A sandbox with a resident driver, for agents. */
  open(image: Image, profile: Profile, signal: AbortSignal): Promise<Sandbox>
  /** One command as the only child of a fresh sandbox's init; all that it says about the outcome comes from the engine. */
  once(image: Image, request: OnceRequest, signal: AbortSignal): Promise<Once>
  /** The tree at an absolute path of an image that nothing has run in, as a tar whose names begin with the path's last part. */
  read(image: Image, path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
}
/**
 * The first `layers` of a recipe after its base are an image with a state of its own. It is built when it is not there and nobody builds
 * another; `image_not_ready` while somebody else does, `image_build_failed` once it has failed, until somebody builds it again. `of` = who needs it.
 */
export type CustomPart = { readonly layers: number; readonly of: string; readonly onLog?: (text: string) => void }
/** `id` is the engine's; it changes whenever the content does. */
export type Image = { readonly id: string }
/** `more`: how many runs of the same kind will follow, so that spares are worth keeping. */
export type Profile = {
  readonly run: string
  readonly kind: 'agent' | 'grade'
  readonly network: Network
  readonly resources: Resources
  readonly sudo: boolean
  /** Mounts a folder for the gateway's socket, and forwards 127.0.0.1:8484 to it. */
  readonly gateway: boolean
  /** Begins with a network, whatever `network` says, until `isolate` takes it away. */
  readonly online?: boolean
  readonly more?: number
  readonly keep?: boolean
}

/** A command that fails is a result; only a dead sandbox throws. */
export interface Sandbox extends AsyncDisposable {
  readonly name: string
  /** The host's folder that the sandbox sees, read-only, as /run/proctor. Only with `gateway`. */
  readonly door?: string
  exec(command: readonly string[], options?: ExecOptions): Promise<Exec>
  /** Extracts a tar below `at` as `user`. */
  put(at: string, tar: ReadableStream<Uint8Array>): Promise<void>
  /** A tar, read through the engine; works on a running, paused or stopped sandbox. Names begin with the path's last part. A path that is not there gives undefined. A chunk is good until the next is asked for: copy what you keep. */
  take(at: string): Promise<ReadableStream<Uint8Array> | undefined>
  /** `stop`: every process of the agent is dead afterwards. */
  halt(how: 'pause' | 'stop'): Promise<void>
  resume(): Promise<void>
  /** Takes away the network that `online` gave: loopback is left. */
  isolate(): Promise<void>
}
export type ExecOptions = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds. At the end the command's process group is killed and `timedOut` is true. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Bytes a stream may forward; what comes after is read, counted and dropped. */
  readonly maxOutput?: number
  readonly onOutput?: (chunk: { readonly stream: 'stdout' | 'stderr' | 'steps'; readonly bytes: Uint8Array }) => void
}
/** `over`: a limit of the sandbox itself ended it. `lost` bytes were dropped by maxOutput. */
export type Exec = { readonly exitCode: number; readonly timedOut: boolean; readonly over?: 'memory' | 'disk'; readonly lost: number }

export type OnceRequest = {
  readonly run: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Streamed to the command's stdin, then closed. */
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly timeoutMs: number
  readonly resources: Resources
  /** An absolute path to read after the end: at most `maxCollect` bytes of tar. */
  readonly collect?: string
  readonly maxCollect?: number
  readonly maxOutput?: number
  readonly keep?: boolean
}
/** `output` = stdout and stderr as they came, head and tail when cut. `collected` = tar bytes, undefined when the path is not there. */
export type Once = {
  readonly exitCode: number
  readonly timedOut: boolean
  readonly over?: 'memory' | 'disk'
  readonly stdout: string
  readonly output: string
  readonly collected?: Uint8Array
}
