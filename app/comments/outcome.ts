import { conclusionMarks } from '../../runner/report/github/blocks/tables.ts'
import { titleOfAll } from '../../runner/report/github/blocks/title.ts'
import { prose } from '../../runner/report/neutral.ts'
import type { Publishing } from '../jobs/publishing.ts'
import type { Evaluation } from '../store/evaluations.ts'
import type { Letter } from '../store/verdicts.ts'

/** Whoever asked for an evaluation in a comment reads below it what became of that. None when nobody did. */
export function replyLetter({ id, dedupe, pull }: Pick<Evaluation, 'id' | 'dedupe' | 'pull'>): Letter | undefined {
  const to = /^comment:(\d+)$/.exec(dedupe)?.[1]
  return to === undefined || pull === null ? undefined : { kind: 'reply', key: `reply:${id}`, payload: { issue: pull, to } }
}

/** What it says: in the place of what was said when it began. */
export function outcomeOf({ evaluation, told, place }: Pick<Publishing, 'evaluation' | 'told' | 'place'>): string {
  const checks = `[Checks](${place.runUrl})`
  if (!told || evaluation.state !== 'done') return `\`${evaluation.headSha}\` could not be evaluated. ${checks}`
  const aside = evaluation.request.aside ? ' Shown beside what decides about this pull request, it decides nothing.' : ''
  return `${conclusionMarks[told.report.conclusion]} \`${evaluation.headSha}\`: ${prose(titleOfAll(told.report, place), 200)}.${aside} ${checks}`
}
