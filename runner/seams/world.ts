import type { Credentials } from './credentials.ts'
import type { Earlier } from './earlier.ts'
import type { Fetcher } from './fetcher.ts'
import type { Gateway } from './gateway.ts'
import type { Model } from './model.ts'
import type { Publisher } from './publisher.ts'
import type { Blobs, Records } from './records.ts'
import type { Sandboxes } from './sandbox.ts'
import type { Trees } from './trees.ts'
import type { Watch } from './watch.ts'

/** All that the engine needs of the world. */
export type World = {
  readonly sandboxes: Sandboxes
  readonly trees: Trees
  readonly gateway: Gateway
  readonly model: Model
  readonly credentials: Credentials
  readonly fetcher: Fetcher
  readonly records: Records
  readonly blobs: Blobs
  /** Absent: everything is run. */
  readonly earlier?: Earlier
  readonly publisher: Publisher
  readonly watch: Watch
  /** Part of every key, so that a new release never reuses an old one's results. */
  readonly version: string
  /** --keep-sandbox: sandboxes stay after their run, with an owner of their own. */
  readonly keepSandboxes: boolean
}
