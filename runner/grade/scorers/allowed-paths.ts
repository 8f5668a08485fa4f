import { z } from 'zod'
import { AllowedPathsScorer } from '../../domain/scorer.ts'
import { globs } from '../../lib/globs.ts'
import { changedPaths, countPaths, listPaths } from '../changed-paths.ts'
import { type Scorer, scored } from '../score.ts'

const Options = z.object({ patterns: AllowedPathsScorer.shape.patterns })

/** PASS when every path that the agent changed matches a pattern. N/A without a workspace. */
export const allowedPaths: Scorer = async ({ spec, run, room }) => {
  if (!run.sample.exercise) return scored({ spec, trust: 'black-box', status: 'N/A', evidence: 'The run has no workspace.' })
  const { patterns } = Options.parse(spec.options)
  const isAllowed = globs(patterns)
  const changed = changedPaths(room.change)
  const outside = changed.filter((path) => !isAllowed(path))
  const evidence =
    outside.length === 0
      ? `${countPaths(changed.length)}, none outside ${patterns.join(', ')}.`
      : `${outside.length} of ${countPaths(changed.length)} outside ${patterns.join(', ')}:\n${listPaths(outside)}`
  return scored({ spec, trust: 'black-box', status: outside.length === 0 ? 'PASS' : 'FAIL', evidence })
}
