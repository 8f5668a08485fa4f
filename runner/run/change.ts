import type { WorkEntry } from '../lib/work.ts'
import type { Change, ChangedPath } from '../seams/room.ts'
import type { Baseline, DiffStat, TreeEntry } from '../seams/trees.ts'
import type { Why } from './filter.ts'

type Facts = {
  readonly entries: readonly WorkEntry[]
  readonly baseline: Baseline
  readonly stat: readonly DiffStat[]
  readonly withheld: ReadonlyMap<string, Why>
}

/** What scorers get to know about the work: every path, and which of them grading does not see. Pure. */
export function changeOf({ entries, baseline, stat, withheld }: Facts): Change {
  const lines = new Map(stat.map((one) => [one.path, one]))
  return {
    entries: entries.map((entry) => changedPath(entry, baseline.entries.get(entry.path), lines.get(entry.path))),
    withheld: Array.from(withheld, ([path, why]) => ({ path, why })),
  }
}

/** The old name of a renamed file has no lines of its own: git counted them at the new one. */
function changedPath(entry: WorkEntry, before: TreeEntry | undefined, lines: DiffStat | undefined): ChangedPath {
  const { added = 0, removed = 0 } = lines ?? {}
  const binary = added === -1 || removed === -1
  return { path: entry.path, how: howOf(entry, before, lines), added: Math.max(0, added), removed: Math.max(0, removed), binary }
}

function howOf(entry: WorkEntry, before: TreeEntry | undefined, lines: DiffStat | undefined): ChangedPath['how'] {
  if (entry.type === 'gone') return 'deleted'
  if (before === undefined) return 'added'
  if ((entry.type === 'link') !== (before.mode === '120000')) return 'type'
  const changedMode = entry.type === 'file' && entry.executable !== (before.mode === '100755')
  return changedMode && lines?.added === 0 && lines.removed === 0 && entry.bytes === before.bytes ? 'mode' : 'modified'
}
