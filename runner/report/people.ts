import type { ReportExpected, ReportFeedback, ReportRun } from '../domain/report.ts'
import { clip } from './plain.ts'

type OfSample = { readonly agent: string; readonly eval: string; readonly sample: string }
/** What people decided and said about samples, in whichever report they read, oldest first. */
export type People = {
  /** Run and shown, and not counted. */
  readonly quarantined: readonly OfSample[]
  /** May fail although the base passes. */
  readonly accepted: readonly OfSample[]
  readonly feedback: readonly (OfSample & ReportFeedback)[]
  readonly expected: readonly (OfSample & ReportExpected)[]
}
/** The same about one batch, by the ids of its samples. `about` = a run with what people said of its sample. */
export type Voices = {
  readonly quarantined: ReadonlySet<string>
  readonly accepted: ReadonlySet<string>
  about(run: ReportRun): ReportRun
}
const nobody: People = { quarantined: [], accepted: [], feedback: [], expected: [] }

export function voicesOn({ agent, eval: title }: Pick<OfSample, 'agent' | 'eval'>, people: People = nobody): Voices {
  const own = <T extends OfSample>(all: readonly T[]) => all.filter((one) => one.agent === agent && one.eval === title)
  const names = (all: readonly OfSample[]) => new Set(own(all).map(({ sample }) => sample))
  const feedback = Map.groupBy(own(people.feedback), ({ sample }) => sample)
  const expected = Map.groupBy(own(people.expected), ({ sample }) => sample)
  return {
    quarantined: names(people.quarantined),
    accepted: names(people.accepted),
    about(run) {
      const [said = [], wanted = []] = [feedback.get(run.sample), expected.get(run.sample)]
      if (run.side !== 'head' || said.length + wanted.length === 0) return run
      return {
        ...run,
        ...(said.length > 0 && { feedback: shown(said) }),
        ...(wanted.length > 0 && { expected: wanted.slice(-most).map(({ agent: _, eval: __, sample: ___, ...file }) => file) }),
        ...(contradicts(run, said) && { contradicts: true }),
      }
    },
  }
}
const most = 20
const longest = 2000

/** The newest, of those who may write first: whoever says much does not push them out. */
function shown(said: readonly (OfSample & ReportFeedback)[]): ReportFeedback[] {
  const own = said.filter(({ trusted }) => trusted).slice(-most)
  const others = said.filter(({ trusted }) => !trusted)
  const kept = new Set([...own, ...others.slice(others.length - Math.min(others.length, most - own.length))])
  return said
    .filter((one) => kept.has(one))
    .map(({ agent: _, eval: __, sample: ___, ...one }) => ({ ...one, body: clip(one.body, longest) }))
}

/** Against the newest word of somebody who may write here; what strangers say decides nothing. */
function contradicts({ verdict }: ReportRun, said: readonly ReportFeedback[]): boolean {
  const last = said.findLast(({ trusted, rating }) => trusted && (rating === 'pass' || rating === 'fail'))
  return last !== undefined && verdict !== 'unscored' && last.rating !== verdict
}
