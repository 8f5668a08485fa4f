import type { Report, ReportBatch, ReportRun } from '../domain/report.ts'
import { clip, plain } from './plain.ts'
import { batchTitle, hasEpochs, runTitle } from './wording.ts'

/** junit.xml: a testsuite for each batch, a testcase for each run. A run that could not be scored is an `error`, never a `failure`. */
export function* junitXml(report: Report): Generator<string> {
  const { pass, fail, unscored } = count(report.batches.flatMap(({ runs }) => runs))
  yield `<?xml version="1.0" encoding="UTF-8"?>\n`
  yield `<testsuites name="proctor" tests="${pass + fail + unscored}" failures="${fail}" errors="${unscored}" time="${seconds(report.batches.flatMap(({ runs }) => runs))}">\n`
  for (const [id, batch] of report.batches.entries()) yield* suite(batch, { id, at: report.generated_at.slice(0, 19) })
  yield '</testsuites>\n'
}

function* suite(batch: ReportBatch, { id, at }: { id: number; at: string }): Generator<string> {
  const { pass, fail, unscored } = count(batch.runs)
  const name = attribute(batchTitle(batch))
  yield `  <testsuite id="${id}" package="${attribute(batch.agent)}" name="${name}" timestamp="${at}" hostname="localhost" tests="${pass + fail + unscored}" failures="${fail}" errors="${unscored}" skipped="0" time="${seconds(batch.runs)}">\n`
  yield `    <properties>\n${[
    ['conclusion', batch.conclusion],
    ['reason', batch.reason],
    ['commit', batch.commit],
  ]
    .map(([key, value]) => `      <property name="${key}" value="${attribute(value ?? '')}"/>\n`)
    .join('')}    </properties>\n`
  const epochs = hasEpochs(batch)
  for (const run of batch.runs) yield testcase(run, { className: `${batch.agent}.${batch.eval}`, epochs })
  yield '    <system-out/>\n    <system-err/>\n  </testsuite>\n'
}

function testcase(run: ReportRun, { className, epochs }: { className: string; epochs: boolean }): string {
  const open = `    <testcase classname="${attribute(className)}" name="${attribute(runTitle(run, epochs))}" time="${(run.duration_ms / 1000).toFixed(3)}"`
  if (run.verdict === 'pass') return `${open}/>\n`
  const tag = run.verdict === 'fail' ? 'failure' : 'error'
  const type = run.code ?? run.ended.code ?? run.ended.limit ?? 'failed'
  return `${open}>\n      <${tag} type="${attribute(type)}" message="${attribute(clip(run.reason, 500))}">${content(evidence(run))}</${tag}>\n    </testcase>\n`
}

function evidence({ reason, scores, judge, ended, trajectory, diff }: ReportRun): string {
  const failed = scores
    .filter(({ status }) => status === 'FAIL')
    .map(
      (score) =>
        `${score.name} (${score.type}, ${score.trust}${score.required ? '' : ', not required'}): FAIL\n${clip(score.evidence, 8000)}`,
    )
  const judged = judge && !judge.pass ? [`judge ${judge.model}: FAIL\n${clip(judge.reasoning, 4000)}`] : []
  return [
    reason,
    ...(ended.message ? [clip(ended.message, 4000)] : []),
    ...failed,
    ...judged,
    [trajectory, diff?.path].filter(Boolean).join('\n'),
  ].join('\n\n')
}

function count(runs: readonly ReportRun[]) {
  const of = (verdict: ReportRun['verdict']) => runs.filter((run) => run.verdict === verdict).length
  return { pass: of('pass'), fail: of('fail'), unscored: of('unscored') }
}
const seconds = (runs: readonly ReportRun[]) => (runs.reduce((sum, run) => sum + run.duration_ms, 0) / 1000).toFixed(3)

const content = (text: string) => plain(text).replace(/[&<>]/g, (char) => escapes[char] ?? char)
const attribute = (text: string) => plain(text).replace(/[&<>"\n\t]/g, (char) => escapes[char] ?? char)
const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;' }
