import { z } from 'zod'
import { ProctorError } from '../../domain/error.ts'
import { CommandScorer } from '../../domain/scorer.ts'
import type { GradeRequest } from '../../seams/room.ts'
import { type Scorer, scored } from '../score.ts'
import { describeEnd, lacksProgram, shell, succeeded } from '../shell.ts'

const Options = z.object({ command: CommandScorer.shape.command, timeout_s: CommandScorer.shape.timeout_s })

/** PASS exactly when the command exits 0. It may run the agent's code, so what it says is unverified. */
export const command: Scorer = async ({ spec, room }) => {
  const { command, timeout_s } = Options.parse(spec.options)
  const request: GradeRequest = {
    command: shell(command),
    as: 'user',
    timeoutMs: timeout_s * 1000,
    ...(spec.files ? { files: spec.files } : {}),
  }
  const ended = await room.grade(request)
  if (lacksProgram(ended) && lacksProgram(await room.grade({ ...request, tree: 'baseline' }))) {
    throw new ProctorError('scorer_broken', `The scorer "${spec.name}" runs a program that the exercise's environment lacks.`, {
      command,
      log: ended.output.slice(-2000),
    })
  }
  return scored({
    spec,
    trust: 'unverified',
    status: succeeded(ended) ? 'PASS' : 'FAIL',
    evidence: `$ ${command}\n${describeEnd(ended, timeout_s)}\n${ended.output.trim()}`,
  })
}
