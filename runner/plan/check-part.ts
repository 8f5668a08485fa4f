import { dirname } from 'node:path'
import { harnessProblem } from '../agents/cli/index.ts'
import { ProctorError } from '../domain/error.ts'
import { checkScorers, type ScorerUse } from './check-scorers.ts'
import { workspaceSource } from './freeze/resolve-exercise.ts'
import { inside } from './read/inside.ts'
import { isProblems } from './read/parse-yaml.ts'
import type { Draft, Setting } from './samples.ts'
import type { Chosen, Pair } from './select-evals.ts'

type Checking = {
  readonly pair: Pair
  readonly samples: readonly { readonly draft: Draft; readonly scorers: readonly ScorerUse[] }[]
  readonly judged: boolean
  readonly columns: readonly string[]
  readonly fence: string
}

/** What is wrong between an agent, an eval and its scenarios, that no file shows alone. Each scenario is looked at once, however many rows use it. */
export function checkPart({ pair, samples, judged, columns, fence }: Checking): ProctorError[] {
  const settings = new Map(samples.map(({ draft, scorers }) => [draft.setting?.value, { setting: draft.setting, scorers }]))
  const outputSchema = hasOutputSchema(pair.agent)
  return [...settings.values()]
    .flatMap(({ setting, scorers }) => [
      ...checkScorers(scorers, { workspace: setting !== undefined, columns, outputSchema, fence }),
      ...(setting ? problemsOf(attempt(() => workspaceSource(setting, { fence }))) : []),
      ...solutionFile(pair.eval, setting, fence),
      ...solvable(pair, setting),
      ...placed(pair, setting),
      ...(scorers.length === 0 && !judged ? [ungraded(pair)] : []),
    ])
    .concat(unconfigurable(pair))
}

/** What somebody can act on is a result; anything else is thrown on. */
export function attempt<T>(make: () => T): T | readonly ProctorError[] {
  try {
    return make()
  } catch (thrown) {
    if (thrown instanceof ProctorError) return [thrown]
    throw thrown
  }
}

const problemsOf = (result: unknown) => (isProblems(result) ? result : [])
const hasOutputSchema = (agent: Chosen) => ('builtIn' in agent ? agent.owner : agent)?.value.output_schema !== undefined

/** A solution that is named has to be there, also when nobody asks for it. */
function solutionFile(one: Pair['eval'], setting: Setting | undefined, fence: string): ProctorError[] {
  const { oracle } = setting?.value ?? {}
  const named = setting
    ? { file: oracle && 'patch' in oracle ? oracle.patch : undefined, folder: setting.folder, key: 'oracle.patch' }
    : { file: one.value.oracle?.python, folder: dirname(one.path), key: 'oracle.python' }
  if (named.file === undefined) return []
  const located = inside(named.file, { folder: named.folder, fence, is: 'file' })
  const place = (setting ?? one).at(named.key.split('.'))
  return 'refused' in located ? [new ProctorError('config_invalid', `\`${named.key}\`: ${located.refused}`, { place })] : []
}

function solvable({ agent, eval: one }: Pair, setting: Setting | undefined): ProctorError[] {
  if (!('builtIn' in agent) || agent.builtIn !== 'oracle' || (setting ?? one).value.oracle) return []
  const who = setting ? `the scenario \`${setting.name}\`` : `the eval \`${one.value.name}\``
  const message = `\`oracle\`: missing in ${who}; the built-in agent \`oracle\` is made of it`
  return [new ProctorError('config_invalid', message, { place: (setting ?? one).at(['oracle']) })]
}

function placed({ agent, eval: one }: Pair, setting: Setting | undefined): ProctorError[] {
  if (setting || 'builtIn' in agent || agent.value.kind !== 'ShellCommand') return []
  const message = `the agent \`${agent.value.name}\` is a ShellCommand, and the eval \`${one.value.name}\` has no scenario`
  return [new ProctorError('in_sandbox_requires_workspace', message, { place: one.at(['name']) })]
}

/** What a coding CLI cannot be told is refused, not left out. */
function unconfigurable({ agent }: Pair): ProctorError[] {
  if ('builtIn' in agent || agent.value.kind !== 'ShellCommand' || agent.value.harness_config === undefined) return []
  const problem = harnessProblem(agent.value.run_command, agent.value.harness_config)
  if (problem === undefined) return []
  return [new ProctorError('harness_config_unsupported', `\`harness_config\`: ${problem}`, { place: agent.at(['harness_config']) })]
}

const ungraded = ({ eval: one }: Pair) =>
  new ProctorError('nothing_to_grade', `the eval \`${one.value.name}\` has no scorer and no judge`, { place: one.at(['name']) })
