import type { AgentFile } from '../../domain/agent.ts'
import { ProctorError } from '../../domain/error.ts'
import type { EvalFile } from '../../domain/eval.ts'
import type { ScenarioFile } from '../../domain/scenario.ts'
import { pathText } from './explain-issues.ts'
import type { Parsed } from './parse-yaml.ts'
import type { Path } from './schema-shape.ts'

/** What the format has and this release cannot do: refused by name and line, for a part that is silently ignored would be a lie. */
export function unsupportedInAgent({ value, at }: Parsed<AgentFile>): ProctorError[] {
  const refuse = refuser(at)
  return [...(value.tools === undefined ? [] : [refuse(['tools'], 'a list of tools')])]
}

export const unsupportedInScenario = ({ value, at }: Parsed<ScenarioFile>): ProctorError[] => inScenario(value, [], refuser(at))

export function unsupportedInEval({ value, at }: Parsed<EvalFile>): ProctorError[] {
  const refuse = refuser(at)
  const axes = Object.keys(value.columns).filter((axis) => axis !== 'scenario_ref')
  const inline = typeof value.scenario === 'object' ? inScenario(value.scenario, ['scenario'], refuse) : []
  return [...axes.map((axis) => refuse(['columns', axis], `the axis \`${axis}\``)), ...inline]
}

type Refuse = (path: Path, what: string) => ProctorError
const refuser =
  (at: Parsed<unknown>['at']): Refuse =>
  (path, what) =>
    new ProctorError('feature_unsupported', `\`${pathText(path)}\`: ${what} is part of the format, but not of this release`, {
      place: at(path),
    })

function inScenario({ environment }: Pick<ScenarioFile, 'environment'>, base: Path, refuse: Refuse): ProctorError[] {
  const credentials = Object.entries(environment.env).filter(([, value]) => typeof value === 'object')
  return [
    ...(environment.network === 'gateway' || typeof environment.network === 'object'
      ? [refuse([...base, 'environment', 'network'], 'a way out for an exercise (the agent names its own)')]
      : []),
    ...credentials.map(([name]) => refuse([...base, 'environment', 'env', name], 'a credential for an exercise')),
  ]
}
