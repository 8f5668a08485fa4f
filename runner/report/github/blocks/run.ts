import type { Judgement, Score } from '../../../domain/grade.ts'
import type { ReportRun } from '../../../domain/report.ts'
import { cellSpan, codeSpan, diffFence, fence, htmlCode, prose, quote } from '../../neutral.ts'
import { clip } from '../../plain.ts'
import { duration, money, plural, runTitle } from '../../wording.ts'
import type { Ranked } from '../ranking.ts'
import type { Place } from '../read.ts'
import { lineLink } from './links.ts'
import { saidOf } from './said.ts'
import { kindMarks, statusMarks, table } from './tables.ts'

/** How much of a run is shown: characters of each proof, of the judge's words and of the response, and bytes of the diff. */
export type Level = {
  readonly evidence: number
  readonly judge: number
  readonly response: number
  readonly diff: number
  readonly rows: number
}
export const levels: readonly Level[] = [
  { evidence: 8000, judge: 4000, response: 4000, diff: 30_000, rows: 40 },
  { evidence: 4000, judge: 2000, response: 2000, diff: 10_000, rows: 30 },
  { evidence: 1500, judge: 1000, response: 800, diff: 4000, rows: 20 },
  { evidence: 500, judge: 400, response: 0, diff: 1000, rows: 10 },
  { evidence: 200, judge: 200, response: 0, diff: 0, rows: 5 },
]
export type DiffText = { readonly text: string; readonly cut: boolean }
type Given = {
  readonly place: Place
  readonly epochs: boolean
  readonly level: Level
  readonly open: boolean
  readonly diff?: DiffText | undefined
}

/** Everything about one run in one collapsible block. */
export function runBlock(ranked: Ranked, { place, epochs, level, open, diff }: Given): string {
  const { run, kind } = ranked
  return [
    `<details${open ? ' open' : ''}><summary>${kindMarks[kind]} ${htmlCode(runTitle(run, epochs))} ${kind}${causesOf(ranked)}${run.contradicts ? ', people say otherwise' : ''}</summary>`,
    [prose(run.reason, 600), onBase[kind], run.from ? lineLink(run.from, place) : '', factsOf(run)].filter(Boolean).join(' · '),
    ...(run.ended.message ? [fence(run.ended.message, level.evidence)] : []),
    ...scoresOf(run.scores, level),
    ...(run.judge ? judgeOf(run.judge, level) : []),
    ...responseOf(ranked, level),
    ...diffOf(run, level, diff),
    ...saidOf(run, place, level.rows),
    '</details>',
  ].join('\n\n')
}

/** What can be seen before the block is opened. */
function causesOf({ run, kind }: Ranked): string {
  if (kind === 'pass' || kind === 'fixed') return ''
  const failed = run.scores.filter(({ status, required }) => status === 'FAIL' && required).map(({ name }) => htmlCode(name, 40))
  const code = run.code ?? run.ended.code ?? run.ended.limit
  const causes = [...failed.slice(0, 3), ...(run.judge && !run.judge.pass ? ['judge'] : []), ...(code ? [htmlCode(code, 40)] : [])]
  return causes.length === 0 ? '' : `: ${causes.join(', ')}`
}
const onBase = {
  regressed: 'the base passes it',
  fixed: 'the base fails it',
  fail: '',
  unscored: '',
  pass: '',
  quarantined: 'in quarantine: it does not count',
} as const

/** With its id: by that people speak of it. */
const factsOf = ({ id, ended, duration_ms, usage, reused }: ReportRun) =>
  [
    ...(ended.as === 'completed' ? [] : [`ended by ${codeSpan([ended.as, ended.code ?? ended.limit].filter(Boolean).join(' '), 80)}`]),
    duration(duration_ms),
    ...(usage.by === 'none' ? [] : [money(usage.cost_usd)]),
    ...(reused ? ['taken over'] : []),
    `run ${codeSpan(id, 200)}`,
  ].join(' · ')

function scoresOf(scores: readonly Score[], { evidence, rows }: Level): string[] {
  if (scores.length === 0) return []
  const shown = scores.toSorted((a, b) => Number(a.status !== 'FAIL') - Number(b.status !== 'FAIL')).slice(0, rows)
  return [
    table(
      ['', 'Scorer', ':Score', 'Trust', 'Evidence'],
      [
        ...shown.map(({ status, name, required, score, trust, evidence: text }) => [
          `${statusMarks[status]} ${status}`,
          `${cellSpan(name)}${required ? '' : ' (not required)'}`,
          status === 'N/A' ? '–' : Math.floor(score * 100) / 100,
          prose(trust, 20),
          status === 'FAIL' ? 'below' : cellSpan(text, Math.min(evidence, 160)),
        ]),
        ...(scores.length > shown.length ? [['', `… ${scores.length - shown.length} more`, '', '', '']] : []),
      ],
    ),
    ...shown
      .filter(({ status }) => status === 'FAIL')
      .flatMap(({ name, evidence: text }) => [`Evidence of ${codeSpan(name)}:`, fence(text, evidence)]),
  ]
}

function judgeOf({ model, pass, agreement, samples, reasoning, criteria, cut }: Judgement, { judge, rows }: Level): string[] {
  const shown = criteria.toSorted((a, b) => Number(a.pass) - Number(b.pass)).slice(0, rows)
  const votes = samples > 1 ? ` (${Math.round(agreement * samples)} of ${samples} samples agree)` : ''
  return [
    `${pass ? '✅' : '❌'} **Judge** ${codeSpan(model, 100)}: ${pass ? 'PASS' : 'FAIL'}${votes}`,
    ...[quote(reasoning, judge)].filter(Boolean),
    ...(shown.length === 0
      ? []
      : [
          table(
            ['', 'Criterion', 'Quote', 'Why'],
            shown.map(({ pass: met, name, quote: proof, reason }) => [
              met ? '✅' : '❌',
              prose(name, 120),
              cellSpan(proof, Math.min(judge, 200)),
              prose(reason, Math.min(judge, 300)),
            ]),
          ),
        ]),
    ...(criteria.length > shown.length
      ? [`${plural(criteria.length - shown.length, 'more criterion').replace('criterions', 'criteria')} in the report.`]
      : []),
    ...(cut.length > 0
      ? [
          `The judge did not see: ${cut
            .slice(0, 5)
            .map((name) => codeSpan(name, 80))
            .join(', ')}${cut.length > 5 ? ', …' : ''}`,
        ]
      : []),
  ]
}

/** Of a failure the answer may be the only trace; of a pass it is in the report. */
function responseOf({ run, kind }: Ranked, { response }: Level): string[] {
  if (response === 0 || run.response.trim() === '' || kind === 'pass' || kind === 'fixed') return []
  return [`<details><summary>Response</summary>`, fence(run.response, response), '</details>']
}

function diffOf({ diff }: ReportRun, { diff: bytes }: Level, found: DiffText | undefined): string[] {
  if (!diff) return []
  const size = `${plural(diff.files, 'file')}, +${diff.added} −${diff.removed}`
  if (bytes === 0 || !found || found.text.trim() === '') return [`Diff: ${size}`]
  const { text, cut } = beginning(found, bytes)
  const left =
    diff.left.length === 0
      ? []
      : [
          `Never part of a diff: ${diff.left
            .slice(0, 3)
            .map((path) => codeSpan(path, 100))
            .join(', ')}${diff.left.length > 3 ? ` and ${diff.left.length - 3} more` : ''}`,
        ]
  return [`<details><summary>Diff: ${size}${cut || diff.cut ? ', its beginning' : ''}</summary>`, diffFence(text), ...left, '</details>']
}

/** Whole lines, so that nobody reads a half one as the agent's. */
function beginning({ text, cut }: DiffText, bytes: number): DiffText {
  if (Buffer.byteLength(text) <= bytes && !cut) return { text, cut }
  const start = Buffer.from(text).subarray(0, bytes).toString()
  const end = start.lastIndexOf('\n')
  return { text: end > 0 ? start.slice(0, end) : clip(start.replace(/\ufffd+$/, ''), 1000), cut: true }
}
