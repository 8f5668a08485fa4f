import type { BlobRef } from '../domain/blob.ts'
import type { Login } from '../domain/plan.ts'

/** Third-party sources, at plan time only, into blobs. Everything hostile about an archive or a remote ends here. */
export interface Fetcher {
  /** Throws `purpose`'s code: `agent_code_fetch_failed` or `workspace_seed_failed`; `agent_secret_unresolved` for a login that is not there. */
  fetch(source: Source, purpose: 'agent' | 'workspace', signal: AbortSignal): Promise<Fetched>
}
/** Paths are absolute. */
export type Source =
  | { readonly git: { readonly url: string; readonly ref?: string; readonly subdirectory?: string; readonly login?: Login } }
  | { readonly zip: { readonly path: string; readonly subdirectory?: string } }
  /** `only`: exactly these files. `except`: not these files and folders. Both relative, with slashes. */
  | { readonly dir: { readonly path: string; readonly only?: readonly string[]; readonly except?: readonly string[] } }
  | {
      readonly package: {
        readonly registry: 'pypi' | 'npm'
        readonly name: string
        readonly version: string
        readonly sha256: string
        readonly subdirectory?: string
      }
    }
  | 'empty'
/** `files` = a tar of the tree without its top folder, entries sorted, times zeroed: the same tree is the same blob. `pinned` = commit or content hash. */
export type Fetched = { readonly files: BlobRef; readonly pinned: string; readonly warnings: readonly string[] }
