import { z } from 'zod'
import { DiffSizeScorer } from '../../domain/scorer.ts'
import { changedPaths } from '../changed-paths.ts'
import { type Scorer, scored } from '../score.ts'

const { max_files, max_added, max_removed, max_lines } = DiffSizeScorer.shape
const Options = z.object({ max_files, max_added, max_removed, max_lines })

/** PASS when the change stays within every limit that is given. A binary file counts as a file without lines. N/A without a workspace. */
export const diffSize: Scorer = async ({ spec, run, room }) => {
  if (!run.sample.exercise) return scored({ spec, trust: 'black-box', status: 'N/A', evidence: 'The run has no workspace.' })
  const limits = Options.parse(spec.options)
  const count = (pick: 'added' | 'removed') => room.change.entries.reduce((sum, entry) => sum + Math.max(0, entry[pick]), 0)
  const [files, added, removed] = [changedPaths(room.change).length, count('added'), count('removed')]
  const measures = [
    { what: 'files', found: files, most: limits.max_files },
    { what: 'added lines', found: added, most: limits.max_added },
    { what: 'removed lines', found: removed, most: limits.max_removed },
    { what: 'changed lines', found: added + removed, most: limits.max_lines },
  ].filter(({ most }) => most !== undefined)
  const isOver = measures.some(({ found, most = 0 }) => found > most)
  const evidence = measures
    .map(({ what, found, most = 0 }) => `${what}: ${found} of at most ${most}${found > most ? ', too many' : ''}`)
    .join('\n')
  return scored({
    spec,
    trust: 'black-box',
    status: isOver ? 'FAIL' : 'PASS',
    evidence: evidence || `${files} files, +${added} -${removed}; no limit is set`,
  })
}
