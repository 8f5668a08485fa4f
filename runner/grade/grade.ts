import { explain, type ProctorError } from '../domain/error.ts'
import type { Grade, Judgement, Score } from '../domain/grade.ts'
import type { Run } from '../domain/plan.ts'
import { noUsage, type RunRecord } from '../domain/record.ts'
import type { Room } from '../seams/room.ts'
import type { World } from '../seams/world.ts'
import { judge } from './judge.ts'
import { scorers } from './scorers/index.ts'
import { decide } from './verdict.ts'

/** What grading needs of whoever kept the run's work. */
export type GradingRooms = { room(record: RunRecord): Promise<Room>; redact(text: string): string }

/**
 * Scorers in order, then the judge, then the verdict. What the agent did is graded; only an infrastructure or author's error throws,
 * and then the run is unscored.
 */
export async function grade(run: Run, record: RunRecord, rooms: GradingRooms, world: World, signal: AbortSignal): Promise<Grade> {
  if (record.ended.as === 'error' && explain(record.ended.code).verdict !== 'fail')
    return ungradable(run, record.ended.code, record.ended.message)

  world.watch({ at: 'grading', run })
  const room = await rooms.room(record)
  const scores: Score[] = []
  for (const spec of run.sample.scorers) {
    signal.throwIfAborted()
    const score = await scorers[spec.type]({ spec, run, record, room, world, signal })
    scores.push({ ...score, evidence: rooms.redact(score.evidence) })
  }
  const judged = run.judge === 'none' ? undefined : await askJudge({ run, record, scores, judge: run.judge, world, signal })
  return {
    run: run.id,
    key: run.keys.grade,
    scores,
    ...decide({ record, scores, judgement: judged?.judgement }),
    ...(judged ? { judgement: judged.judgement } : {}),
    usage: judged?.usage ?? noUsage,
  }
}

/** The grade of a run that nobody could grade: out of the denominator, counted beside it. */
export function unscored(run: Run, error: ProctorError): Grade {
  return ungradable(run, error.code, error.message)
}

function askJudge(asked: Parameters<typeof judge>[0]): Promise<{ judgement: Judgement; usage: RunRecord['usage'] }> {
  asked.world.watch({ at: 'judging', run: asked.run })
  return judge(asked)
}

function ungradable(run: Run, code: Grade['code'] & string, message: string): Grade {
  return { run: run.id, key: run.keys.grade, scores: [], verdict: 'unscored', reason: `${code}: ${message}`, code, usage: noUsage }
}
