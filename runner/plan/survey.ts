import type { ProctorError } from '../domain/error.ts'
import { GateFile } from '../domain/eval.ts'
import type { Gate, Judge } from '../domain/plan.ts'
import type { Source } from '../seams/fetcher.ts'
import { agentSource } from './agent-source.ts'
import { checkGrants, type Ungranted } from './check-grants.ts'
import { attempt, checkPart } from './check-part.ts'
import { type ScorerUse, scorersOf } from './check-scorers.ts'
import { isProblems } from './read/parse-yaml.ts'
import type { Package, Written } from './read/read-package.ts'
import { checkJudgeFlag, type JudgeChoice, resolveJudge } from './resolve-judge.ts'
import { type Draft, type Drafts, readSamples } from './samples.ts'
import { type Asked, type Chosen, type Pair, selectEvals } from './select-evals.ts'
import { distinctProblems, once } from './settled.ts'

/** One eval for one agent, checked as far as that goes without fetching anything. `source` = of an agent that is not built in. */
export type Part = {
  readonly agent: Chosen
  readonly source?: Source
  readonly eval: Pair['eval']
  readonly samples: readonly { readonly draft: Draft; readonly scorers: readonly ScorerUse[] }[]
  readonly judge: Judge | 'none'
  readonly gate: Gate
}
export type Survey = {
  readonly found: Package
  readonly parts: readonly Part[]
  readonly problems: readonly ProctorError[]
  readonly warnings: readonly string[]
}
/** `gate`: what whoever asks says over all that is written. `grants`: what holds where the repository says nothing of them. */
type Rules = { readonly judge: JudgeChoice; readonly gate?: GateWords; readonly grants?: Ungranted | undefined }
export type GateWords = { readonly [K in keyof GateFile]?: GateFile[K] }

/** `samples`: of evals that were read already, and of those that will be. */
export type Looking = { readonly found: Package; readonly rules: Rules; readonly samples: Map<object, Promise<Drafts>> }

/** Finds everything that is wrong with what people wrote. Starts and fetches nothing. Throws `usage_invalid`. */
export async function survey({ asked, ...looking }: Looking & { readonly asked: Asked }): Promise<Survey> {
  const { found, rules } = looking
  checkJudgeFlag(rules.judge.flag)
  const selection = selectEvals(found, asked)
  const looked = await surveyPairs(selection.pairs, looking)
  const problems = [...found.problems, ...selection.problems, ...looked.flatMap((look) => look.problems)]
  return {
    found,
    parts: looked.flatMap(({ part }) => part ?? []),
    problems: distinct(problems, found),
    warnings: [...new Set([...selection.warnings, ...looked.flatMap(({ warnings }) => warnings)])],
  }
}

/** Pair by pair. */
export function surveyPairs(pairs: readonly Pair[], looking: Looking): Promise<Look[]> {
  const looker = new Looker(looking)
  return Promise.all(pairs.map((pair) => looker.at(pair)))
}
type Look = { readonly part?: Part; readonly problems: readonly ProctorError[]; readonly warnings: readonly string[] }

/** Two agents of one eval share its dataset, two evals of one agent its source: each is read once. */
class Looker {
  readonly #found: Package
  readonly #rules: Rules
  readonly #samples: Map<object, Promise<Drafts>>
  readonly #sources = new Map<object, Source | readonly ProctorError[]>()

  constructor({ found, rules, samples }: Looking) {
    this.#found = found
    this.#rules = rules
    this.#samples = samples
  }

  async at(pair: Pair): Promise<Look> {
    const { agent, eval: one } = pair
    const found = this.#found
    const read = await once(this.#samples, one.value, () => readSamples(one, found))
    const source = 'builtIn' in agent ? undefined : once(this.#sources, agent.value, () => agentSource(agent, found.head ?? found))
    const judge = attempt(() => resolveJudge(one, found, this.#rules.judge))
    const samples = withScorers(one, read.drafts)
    const problems = [
      ...read.problems,
      ...(isProblems(source) ? source : []),
      ...(isProblems(judge) ? judge : []),
      ...('builtIn' in agent ? [] : checkGrants(agent, found.config?.value, this.#rules.grants)),
      ...checkPart({ pair, samples, judged: judge !== 'none', columns: read.columns, fence: found.fence }),
    ]
    if (problems.length > 0 || isProblems(source) || isProblems(judge)) return { problems, warnings: read.warnings }
    return {
      part: { agent, ...(source === undefined ? {} : { source }), eval: one, samples, judge, gate: gateOf(one, found, this.#rules.gate) },
      problems,
      warnings: read.warnings,
    }
  }
}

type WithScorers = Part['samples']

/** Rows of one scenario share one list, so that it is checked and frozen once. */
function withScorers(one: Pair['eval'], drafts: readonly Draft[]): WithScorers {
  const lists = new Map<object | undefined, readonly ScorerUse[]>()
  return drafts.map((draft) => {
    const scorers = lists.get(draft.setting?.value) ?? scorersOf(one, draft.setting)
    lists.set(draft.setting?.value, scorers)
    return { draft, scorers }
  })
}

/** Who asks has the last word, then the eval, then the repository, key by key. */
function gateOf(one: Written<{ gate: unknown }>, { config }: Package, asked: GateWords = {}): Gate {
  const words = { ...gateIn(config?.written), ...gateIn(one.written), ...asked }
  const { min_pass_rate, no_regressions, max_cost_usd, min_trust } = GateFile.parse(words)
  return {
    minPassRate: min_pass_rate,
    noRegressions: no_regressions,
    ...(max_cost_usd === undefined ? {} : { maxCostUsd: max_cost_usd }),
    ...(min_trust === undefined ? {} : { minTrust: min_trust }),
  }
}
const gateIn = (written: unknown) =>
  typeof written === 'object' && written !== null && 'gate' in written && typeof written.gate === 'object' ? written.gate : {}

/** A file that could not be read makes names unknown that are there: only the cause is shown. */
function distinct(problems: readonly ProctorError[], { problems: unread }: Package): ProctorError[] {
  const consequences = new Set(unread.length > 0 ? ['agent_not_found', 'eval_not_found', 'ScenarioResolutionError'] : [])
  const own = problems.filter(({ code }) => !consequences.has(code))
  return distinctProblems(own.length > 0 ? own : problems).sort(byPlace)
}

/** As one reads: file by file, from the top. What has no place comes first. */
function byPlace({ place: a }: ProctorError, { place: b }: ProctorError): number {
  if (a?.file !== b?.file) return (a?.file ?? '') < (b?.file ?? '') ? -1 : 1
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0)
}
