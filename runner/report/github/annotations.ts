import type { ReportBatch, ReportRun } from '../../domain/report.ts'
import { batchTitle, plural } from '../wording.ts'
import { basicText } from './blocks/basic-text.ts'
import { isFailing, type Ranked, rankedRuns } from './ranking.ts'
import { openTracer, type RepositoryLine } from './traceback.ts'

/** As GitHub wants it: lines from 1, no columns across lines, `title` <= 255 characters, `message` <= 64 KB. */
export type Annotation = {
  readonly path: string
  readonly start_line: number
  readonly end_line: number
  readonly annotation_level: 'failure' | 'warning' | 'notice'
  readonly title: string
  readonly message: string
}
/** `files` = paths of the repository: nothing else is annotated. `most` = how many at most; a request takes 50. */
type Given = { readonly files: ReadonlySet<string>; readonly most?: number }

/**
 * What did not pass, on the line that defines the sample, and on the line of the package that a traceback names. Regressions first, then
 * failures, then what could not be scored.
 */
export function annotationsOf(batch: ReportBatch, { files, most = 200 }: Given): readonly Annotation[] {
  const samples = [...Map.groupBy(rankedRuns(batch).filter(isFailing), ({ run }) => run.sample).values()]
  const trace = openTracer(batch, files)
  const traced = new Map<string, { readonly annotation: Annotation; others: number }>()
  const all = samples.flatMap((runs): Annotation[] => {
    const own = defining(batch, runs, files)
    const traces = trace ? fresh(tracesOf(batch, runs, trace), traced) : []
    return [...(own ? [own] : []), ...traces]
  })
  const counted = all.map((annotation) => withOthers(annotation, traced))
  const next = counted[most - 1]
  if (counted.length <= most || !next) return counted.slice(0, most)
  const title = `${counted.length - most + 1} more annotations of ${batchTitle(batch)}`
  return [
    ...counted.slice(0, most - 1),
    { ...next, annotation_level: 'notice', title: basicText(title, 250), message: 'All of them are in the full report.' },
  ]
}

function defining(batch: ReportBatch, runs: readonly Ranked[], files: ReadonlySet<string>): Annotation | undefined {
  const [first] = runs
  const from = first?.run.from
  if (!first || !from || !files.has(from.file)) return undefined
  return annotation(batch, first, { at: { path: from.file, line: from.line }, message: messageOf(first, runs.length) })
}

function tracesOf(batch: ReportBatch, runs: readonly Ranked[], trace: (run: ReportRun) => RepositoryLine | undefined): Annotation[] {
  for (const ranked of runs) {
    const at = trace(ranked.run)
    if (at) return [annotation(batch, ranked, { at, message: lastWords(ranked.run) })]
  }
  return []
}

/** Many samples fail in the same line: it is annotated once, with their number. */
function fresh(annotations: readonly Annotation[], traced: Map<string, { annotation: Annotation; others: number }>): Annotation[] {
  return annotations.filter((annotation) => {
    const key = `${annotation.path}:${annotation.start_line}`
    const known = traced.get(key)
    if (known) known.others += 1
    else traced.set(key, { annotation, others: 0 })
    return !known
  })
}

function withOthers(annotation: Annotation, traced: ReadonlyMap<string, { annotation: Annotation; others: number }>): Annotation {
  const found = traced.get(`${annotation.path}:${annotation.start_line}`)
  if (found?.annotation !== annotation || found.others === 0) return annotation
  return { ...annotation, message: `${annotation.message}\n\n${plural(found.others, 'more sample')} failed in this line.` }
}

function annotation(batch: ReportBatch, { run, kind }: Ranked, { at, message }: { at: RepositoryLine; message: string }): Annotation {
  const line = Math.max(1, at.line)
  return {
    path: at.path,
    start_line: line,
    end_line: line,
    annotation_level: levelOf(batch, kind),
    title: basicText(`${kind}: ${batchTitle(batch)} / ${run.sample}`, 250),
    message: basicText(message, 12_000),
  }
}

/** The gate alone decides: one failed run under a met gate is a warning. */
function levelOf({ proposed, conclusion }: ReportBatch, kind: Ranked['kind']): Annotation['annotation_level'] {
  if (proposed) return 'notice'
  return kind !== 'unscored' && (conclusion === 'failure' || conclusion === 'action_required') ? 'failure' : 'warning'
}

function messageOf({ run, kind }: Ranked, epochs: number): string {
  const failed = run.scores.filter(({ status }) => status === 'FAIL')
  return [
    `${run.reason}${epochs > 1 ? ` (${epochs} epochs)` : ''}`,
    ...(kind === 'regressed' ? ['The base passes this sample.'] : []),
    ...(run.ended.message ? [run.ended.message.slice(0, 2000)] : []),
    ...failed.slice(0, 5).map(({ name, evidence }) => `${name.slice(0, 200)}: FAIL\n${evidence.slice(0, 1500)}`),
    ...(run.judge && !run.judge.pass ? [`judge: FAIL\n${run.judge.reasoning.slice(0, 1500)}`] : []),
  ].join('\n\n')
}

/** The end of a traceback says what was raised. */
const lastWords = ({ ended, response, reason }: ReportRun) => `${reason}\n\n${(ended.message ?? response).slice(-2000)}`
