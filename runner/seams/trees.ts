/** Baselines as git objects on the host, never a work tree: nothing that an agent wrote is checked out, and no git command runs in its folder. */
export interface Trees {
  /** Reads a baseline tar once and keeps it under `key`. */
  baseline(key: string, read: () => Promise<ReadableStream<Uint8Array>>): Promise<Baseline>
  /**
   * A unified diff (renames found, binary marked, modes shown) of the baseline against the changes, cut at `maxPatch` bytes,
   * and its counts, which are never cut. Throws `work_too_large` when the comparison itself takes too long.
   */
  diff(
    baseline: Baseline,
    changes: AsyncIterable<TreeChange>,
    options: { readonly maxPatch: number; readonly signal: AbortSignal },
  ): Promise<TreeDiff>
}
export type TreeDiff = { readonly patch: Uint8Array; readonly cut: boolean; readonly stat: readonly DiffStat[] }
/** `entries` by path; paths are byte strings in latin1, because a file name need not be UTF-8. `oid` = git blob id. */
export type Baseline = { readonly key: string; readonly entries: ReadonlyMap<string, TreeEntry> }
export type TreeEntry = { readonly mode: '100644' | '100755' | '120000'; readonly oid: string; readonly bytes: number }
/** Without `after` the path is gone. `content` must be read to its end before the next change is asked for. */
export type TreeChange = {
  readonly path: string
  readonly after?: { readonly mode: TreeEntry['mode']; readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }
}
/** Lines; -1 when binary. */
export type DiffStat = { readonly path: string; readonly from?: string; readonly added: number; readonly removed: number }
