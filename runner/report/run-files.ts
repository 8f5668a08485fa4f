import type { BlobRef } from '../domain/blob.ts'
import { ProctorError } from '../domain/error.ts'
import type { RunRecord } from '../domain/record.ts'

/** The files of one run, as paths relative to the report's folder. */
export type RunFiles = {
  readonly folder: string
  readonly trajectory: string
  readonly ledger: string
  readonly diff?: { readonly path: string; readonly text: BlobRef }
  readonly calls?: { readonly path: string; readonly ref: BlobRef }
  readonly outputs: readonly { readonly path: string; readonly ref: BlobRef }[]
}

/** Where a run's files lie. Output names are the agent's: they are made harmless here, for whoever writes them and whoever links to them. */
export function runFiles(id: string, record: RunRecord): RunFiles {
  if (!/^[\w@+=~-][\w.@+=~-]{0,254}$/.test(id)) throw new ProctorError('internal_error', `the run id "${id}" is not a safe file name`)
  const folder = `runs/${id}`
  const diff = record.turns.findLast((turn) => turn.diff)?.diff
  const taken = new Set<string>()
  return {
    folder,
    trajectory: `${folder}/trajectory.jsonl`,
    ledger: `${folder}/ledger.jsonl`,
    ...(diff && { diff: { path: `${folder}/diff.patch`, text: diff.text } }),
    ...(record.calls && { calls: { path: `${folder}/model-calls.jsonl`, ref: record.calls } }),
    outputs: record.outputs.map((ref) => ({ path: `${folder}/output/${outputPath(ref.name, taken)}`, ref })),
  }
}

/** `name` without anything that leads out of the folder; a name that is taken, or lies below a taken file, gets a number. */
function outputPath(name: string, taken: Set<string>): string {
  const parts = name.split('/').map(safePart).filter(Boolean).slice(-8)
  const path = parts.join('/') || 'unnamed'
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${path.replaceAll('/', '_')}~${number}`
    if (collides(candidate, taken)) continue
    taken.add(candidate)
    return candidate
  }
}

const collides = (path: string, taken: ReadonlySet<string>) =>
  [...taken].some((other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`))

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\\:*?"<>|]/g
const safePart = (part: string) => {
  const clean = Buffer.from(part.toWellFormed().replace(unsafe, '_'))
    .subarray(0, 120)
    .toString()
    .replace(/\ufffd+$/, '')
  return clean === '.' || clean === '..' ? '' : clean
}
