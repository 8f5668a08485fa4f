import { dirname } from 'node:path'
import { ProctorError } from '../domain/error.ts'
import { GateFile } from '../domain/eval.ts'
import type { Gate, Judge } from '../domain/plan.ts'
import type { Source } from '../seams/fetcher.ts'
import { agentSource } from './agent-source.ts'
import { checkScorers, type ScorerUse, scorersOf } from './check-scorers.ts'
import { workspaceSource } from './freeze/resolve-exercise.ts'
import { inside } from './read/inside.ts'
import { isProblems } from './read/parse-yaml.ts'
import { type Package, readPackage, type Written } from './read/read-package.ts'
import { checkJudgeFlag, type JudgeChoice, resolveJudge } from './resolve-judge.ts'
import { type Draft, type Drafts, readSamples, type Setting } from './samples.ts'
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
export type SurveyRequest = Asked & { readonly root: string; readonly judge: JudgeChoice }

/** Reads what people wrote and finds everything that is wrong with it. Starts and fetches nothing. Throws `package_not_found` and `usage_invalid`. */
export async function survey({ root, judge, ...asked }: SurveyRequest): Promise<Survey> {
  checkJudgeFlag(judge.flag)
  const found = await readPackage(root)
  const selection = selectEvals(found, asked)
  const looked = new Looker(found, judge)
  const parts = await Promise.all(selection.pairs.map((pair) => looked.at(pair)))
  const problems = [...found.problems, ...selection.problems, ...parts.flatMap((part) => part.problems)]
  return {
    found,
    parts: parts.flatMap(({ part }) => part ?? []),
    problems: distinct(problems, found),
    warnings: [...new Set([...selection.warnings, ...parts.flatMap((part) => part.warnings)])],
  }
}

type Look = { readonly part?: Part; readonly problems: readonly ProctorError[]; readonly warnings: readonly string[] }

/** Two agents of one eval share its dataset, two evals of one agent its source: each is read once. */
class Looker {
  readonly #found: Package
  readonly #judge: JudgeChoice
  readonly #samples = new Map<object, Promise<Drafts>>()
  readonly #sources = new Map<object, Promise<Source | readonly ProctorError[]>>()

  constructor(found: Package, judge: JudgeChoice) {
    this.#found = found
    this.#judge = judge
  }

  async at(pair: Pair): Promise<Look> {
    const { agent, eval: one } = pair
    const found = this.#found
    const [read, source, judge] = await Promise.all([
      once(this.#samples, one.value, () => readSamples(one, found)),
      'builtIn' in agent ? undefined : once(this.#sources, agent.value, () => agentSource(agent, found)),
      resolveJudge(one, found, this.#judge).catch(toProblems),
    ])
    const samples = withScorers(one, read.drafts)
    const problems = [
      ...read.problems,
      ...(isProblems(source) ? source : []),
      ...(isProblems(judge) ? judge : []),
      ...(await checkSamples({ pair, samples, judge, columns: read.columns, fence: found.fence })),
    ]
    if (problems.length > 0 || isProblems(source) || isProblems(judge)) return { problems, warnings: read.warnings }
    return {
      part: { agent, ...(source === undefined ? {} : { source }), eval: one, samples, judge, gate: gateOf(one, found) },
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

type Checking = {
  readonly pair: Pair
  readonly samples: WithScorers
  readonly judge: unknown
  readonly columns: readonly string[]
  readonly fence: string
}

async function checkSamples({ pair, samples, judge, columns, fence }: Checking): Promise<ProctorError[]> {
  const distinct_ = new Map(samples.map(({ draft, scorers }) => [draft.setting?.value, { setting: draft.setting, scorers }]))
  const outputSchema = schemaOf(pair.agent)
  const each = [...distinct_.values()].map(async ({ setting, scorers }) => [
    ...(await checkScorers(scorers, { workspace: setting !== undefined, columns, outputSchema, fence })),
    ...(setting ? await workspaceSource(setting, { fence }).then(() => [], toProblems) : []),
    ...(await solutionFile(pair.eval, setting, fence)),
    ...placeless(pair, setting),
    ...(scorers.length === 0 && judge === 'none' ? [ungraded(pair)] : []),
  ])
  return (await Promise.all(each)).flat()
}

function placeless({ agent, eval: one }: Pair, setting: Setting | undefined): ProctorError[] {
  if ('builtIn' in agent) return agent.builtIn === 'oracle' ? unsolved(one, setting) : []
  if (setting !== undefined || agent.value.kind !== 'ShellCommand') return []
  return [
    new ProctorError(
      'in_sandbox_requires_workspace',
      `the agent \`${agent.value.name}\` is a ShellCommand, and the eval \`${one.value.name}\` has no scenario`,
      { place: one.at(['name']) },
    ),
  ]
}

function unsolved(one: Pair['eval'], setting: Setting | undefined): ProctorError[] {
  if (setting)
    return setting.value.oracle
      ? []
      : [
          new ProctorError(
            'config_invalid',
            `\`oracle\`: missing in the scenario \`${setting.name}\`; the built-in agent \`oracle\` has nothing to apply`,
            { place: setting.at(['name']) },
          ),
        ]
  return one.value.oracle
    ? []
    : [
        new ProctorError(
          'config_invalid',
          `\`oracle\`: missing in the eval \`${one.value.name}\`; the built-in agent \`oracle\` has no answers`,
          { place: one.at(['name']) },
        ),
      ]
}

/** A solution that is named has to be there, also when nobody asks for it. */
async function solutionFile(one: Pair['eval'], setting: Setting | undefined, fence: string): Promise<ProctorError[]> {
  const { oracle } = setting?.value ?? {}
  const named = setting
    ? {
        file: oracle && 'patch' in oracle ? oracle.patch : undefined,
        folder: setting.folder,
        place: setting.at(['oracle', 'patch']),
        key: 'oracle.patch',
      }
    : { file: one.value.oracle?.python, folder: dirname(one.path), place: one.at(['oracle', 'python']), key: 'oracle.python' }
  if (named.file === undefined) return []
  const located = await inside(named.file, { folder: named.folder, fence, is: 'file' })
  return 'refused' in located ? [new ProctorError('config_invalid', `\`${named.key}\`: ${located.refused}`, { place: named.place })] : []
}

const ungraded = ({ eval: one }: Pair) =>
  new ProctorError('nothing_to_grade', `the eval \`${one.value.name}\` has no scorer and no judge`, { place: one.at(['name']) })

const schemaOf = (agent: Chosen) => ('builtIn' in agent ? agent.owner : agent)?.value.output_schema !== undefined

/** The eval's own words win over the repository's, key by key. */
function gateOf(one: Written<{ gate: unknown }>, { config }: Package): Gate {
  const { min_pass_rate, no_regressions, max_cost_usd, min_trust } = GateFile.parse({ ...gateIn(config?.written), ...gateIn(one.written) })
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
  return distinctProblems(own.length > 0 ? own : problems)
}

/** For what may only throw errors that are somebody's to act on. */
export function toProblems(thrown: unknown): readonly ProctorError[] {
  if (thrown instanceof ProctorError) return [thrown]
  throw thrown
}
