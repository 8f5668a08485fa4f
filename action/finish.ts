import { join } from 'node:path'
import { error as logError, setFailed, setOutput, summary, warning } from '@actions/core'
import { explain, Problems, type ProctorError, toError } from '../runner/domain/error.ts'
import type { Report } from '../runner/domain/report.ts'
import { annotationsOf } from '../runner/report/github/annotations.ts'
import { failedOutput } from '../runner/report/github/failed.ts'
import { jobSummary } from '../runner/report/github/job-summary.ts'
import { oneLine } from '../runner/report/plain.ts'
import type { Inputs } from './inputs.ts'
import { filesOf, type Job } from './job.ts'
import { placeOf, type Shows } from './publishing.ts'

/** Outputs, job summary and, where check runs could not be written, annotations of the log. */
export async function finish(
  job: Job,
  report: Report,
  { shows, reportUrl, root }: { shows?: Shows; reportUrl?: string | undefined; root?: string | undefined },
): Promise<void> {
  const { totals, conclusion } = report
  await summary.addRaw(jobSummary(report, { ...placeOf(job), ...(reportUrl !== undefined && { reportUrl }) })).write()
  const outputs = {
    conclusion,
    passed: totals.pass,
    failed: totals.fail,
    unscored: totals.unscored,
    'pass-rate': totals.pass_rate ?? '',
    regressions: totals.regressions,
    'cost-usd': totals.cost_usd,
    'report-path': join(job.out, 'report.html'),
    'check-url': shows?.checks.url ?? '',
  }
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value)
  job.log[Symbol.dispose]()
  if (shows?.checks.refused) await annotateLog(report, root)
  const failing = failsStep(job.inputs['fail-on'], report)
  if (failing) setFailed(failing)
}

/** What makes the step red; check runs say what they say in any case. */
function failsStep(on: Inputs['fail-on'], { conclusion, totals, batches }: Report): string | undefined {
  if (on === 'never') return undefined
  if (on === 'regression') return totals.regressions > 0 ? `${totals.regressions} regressions` : undefined
  if (conclusion !== 'failure' && conclusion !== 'action_required') return undefined
  return oneLine(batches.find((batch) => batch.conclusion === conclusion && !batch.proposed)?.reason ?? conclusion, 500)
}

/** The runner shows ten errors and ten warnings of a step. */
async function annotateLog({ batches }: Report, root: string | undefined): Promise<void> {
  const files = root === undefined ? new Set<string>() : await filesOf(root)
  const all = batches.flatMap((batch) => annotationsOf(batch, { files }))
  for (const { path, start_line, title, message, annotation_level } of all.slice(0, 10))
    (annotation_level === 'failure' ? logError : warning)(oneLine(message, 1000), {
      file: path,
      startLine: start_line,
      title: oneLine(title, 200),
    })
  warning(
    'Check runs and comments could not be written with this token (a fork, Dependabot, or `checks: write` is missing): see the job summary.',
  )
}

const errorsOf = (thrown: unknown): readonly ProctorError[] => (thrown instanceof Problems ? thrown.all : [toError(thrown)])

/** Nothing could be examined: says why, to everybody who may look. */
export async function giveUp(
  thrown: unknown,
  { job, shows, inputs }: { job?: Job | undefined; shows?: Shows | undefined; inputs?: Inputs | undefined },
): Promise<void> {
  const errors = errorsOf(thrown)
  const [worst] = errors.toSorted((a, b) => gravity(b) - gravity(a))
  const conclusion = worst ? explain(worst.code).conclusion : 'neutral'
  if (shows) await shows.fail(errors).catch((error) => job?.log.say(`check runs could not be completed: ${toError(error).message}`))
  if (job) {
    const { summary: text } = failedOutput(errors, placeOf(job))
    await summary
      .addRaw(text)
      .write()
      .catch(() => {})
    job.log[Symbol.dispose]()
  }
  setOutput('conclusion', conclusion)
  const fails = (inputs?.['fail-on'] ?? 'error') !== 'never' && conclusion !== 'neutral'
  // What makes the step red is an error of the log by itself; with a place it is better said where that is.
  const placed = errors.filter((error) => error.place !== undefined || error !== worst || !fails)
  for (const error of placed.slice(0, 10))
    logError(
      lineOf(error),
      error.place ? { file: error.place.file, startLine: error.place.line, title: error.code } : { title: error.code },
    )
  if (fails && worst && placed.includes(worst)) process.exitCode = 1
  else if (fails) setFailed(worst ? lineOf(worst) : 'failed')
}

const gravity = ({ code }: ProctorError) => ({ neutral: 0, failure: 1, action_required: 2 })[explain(code).conclusion]
const lineOf = ({ code, message }: ProctorError) => oneLine(`${code}: ${message} ${explain(code).who}: ${explain(code).next}`, 1000)
