import type { Blobs } from '../../runner/seams/records.ts'
import type { GitHubDoor } from '../github-door.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/open.ts'
import type { Clients } from './clients.ts'
import type { GitHubApp } from './github-app.ts'

/** All that the process that speaks to GitHub works with. `signal` fires when it ends. */
export type WebWorld = {
  readonly store: Store
  readonly blobs: Blobs
  readonly app: GitHubApp
  readonly clients: Clients
  readonly door: GitHubDoor
  /** Of GitHub's pages, such as https://github.com. */
  readonly serverUrl: string
  readonly version: string
  readonly log: Log
  readonly signal: AbortSignal
}

/** owner/name, as GitHub's API wants it. */
export const fullName = ({ owner, name }: { readonly owner: string; readonly name: string }): string => `${owner}/${name}`

/** Page of a commit's check runs. `repo` = owner/name. */
export const checksPage = ({ serverUrl }: Pick<WebWorld, 'serverUrl'>, repo: string, sha: string): string =>
  `${serverUrl}/${repo}/commit/${sha}/checks`
