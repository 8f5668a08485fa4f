import type { Diff } from '../domain/record.ts'
import type { Redactor } from '../lib/redact.ts'
import { readWork } from '../lib/work.ts'
import type { Blobs } from '../seams/records.ts'
import type { Baseline, DiffStat, TreeChange, TreeDiff, Trees } from '../seams/trees.ts'
import type { Work } from './take.ts'

/** Bytes of a patch that people get to see; what a browser and a judge can still work with. */
const maxPatch = 2 * 1024 * 1024

type Compare = { readonly trees: Trees; readonly baseline: Baseline; readonly work: Work; readonly signal: AbortSignal }

/** The work against the pristine tree: exactly what would enter grading, were nothing withheld. */
export async function compareWork({ trees, baseline, work, signal }: Compare): Promise<TreeDiff> {
  if (work.entries.length === 0) return { patch: new Uint8Array(), cut: false, stat: [] }
  return trees.diff(baseline, changesOf(work), { maxPatch, signal })
}

type Show = { readonly blobs: Blobs; readonly redactor: Redactor; readonly left: readonly string[] }

/** The diff for people, redacted before it is stored. */
export async function showDiff({ patch, cut, stat }: TreeDiff, { blobs, redactor, left }: Show): Promise<Diff> {
  const text = redactor.redact(new TextDecoder().decode(patch), { end: cut })
  return {
    files: stat.length,
    added: lines(stat, 'added'),
    removed: lines(stat, 'removed'),
    cut,
    left: left.map((name) => redactor.redact(name)),
    text: await blobs.put(one(Buffer.from(text)), 'diff.patch'),
  }
}

async function* changesOf(work: Work): AsyncGenerator<TreeChange> {
  for await (const { entry, content } of readWork(work.read())) {
    if (entry.type === 'gone') yield { path: entry.path }
    else
      yield {
        path: entry.path,
        after: { mode: entry.type === 'link' ? '120000' : entry.executable ? '100755' : '100644', bytes: entry.bytes, content },
      }
  }
}

const lines = (stat: readonly DiffStat[], of: 'added' | 'removed') => stat.reduce((sum, one) => sum + Math.max(0, one[of]), 0)

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
