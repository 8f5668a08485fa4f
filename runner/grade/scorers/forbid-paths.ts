import { z } from 'zod'
import { ForbidPathsScorer } from '../../domain/scorer.ts'
import { globs } from '../../lib/globs.ts'
import { changedPaths, countPaths, listPaths } from '../changed-paths.ts'
import { type Scorer, scored } from '../score.ts'

const Options = z.object({ patterns: ForbidPathsScorer.shape.patterns })

/** FAIL when a path that the agent changed matches a pattern. N/A without a workspace. */
export const forbidPaths: Scorer = async ({ spec, run, room }) => {
  if (!run.sample.exercise) return scored({ spec, trust: 'black-box', status: 'N/A', evidence: 'The run has no workspace.' })
  const { patterns } = Options.parse(spec.options)
  const touched = changedPaths(room.change).filter(globs(patterns))
  const evidence =
    touched.length === 0
      ? `No changed path inside ${patterns.join(', ')}.`
      : `${countPaths(touched.length)} inside ${patterns.join(', ')}:\n${listPaths(touched)}`
  return scored({ spec, trust: 'black-box', status: touched.length === 0 ? 'PASS' : 'FAIL', evidence })
}
