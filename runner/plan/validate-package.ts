import { Problems } from '../domain/error.ts'
import { agentSource } from './agent-source.ts'
import { isProblems } from './read/parse-yaml.ts'
import { readPackage } from './read/read-package.ts'
import type { JudgeChoice } from './resolve-judge.ts'
import { survey } from './survey.ts'

export type Counts = {
  readonly agents: number
  readonly evals: number
  readonly scenarios: number
  readonly samples: number
  readonly warnings: readonly string[]
}

/** Checks all that a path stands for, drafts too, and starts and fetches nothing. Throws `Problems` with everything that is wrong, or `package_not_found`. */
export async function validatePackage(root: string, judge: JudgeChoice = {}): Promise<Counts> {
  const { found, parts, problems, warnings } = await survey({
    found: readPackage(root),
    asked: { agents: [], evals: [], check: true },
    rules: { judge },
    samples: new Map(),
  })
  const looked = new Set(parts.map(({ agent }) => ('builtIn' in agent ? undefined : agent)))
  const sources = found.agents.filter((agent) => !looked.has(agent)).map((agent) => agentSource(agent, found))
  const known = new Set(problems.map(({ message, place }) => `${place?.file} ${message}`))
  const more = sources
    .flatMap((source) => (isProblems(source) ? source : []))
    .filter(({ message, place }) => !known.has(`${place?.file} ${message}`))
  if (problems.length + more.length > 0) throw new Problems([...problems, ...more])
  const samples = parts.reduce((sum, part) => sum + part.samples.length, 0)
  return { agents: found.agents.length, evals: found.evals.length, scenarios: found.scenarios.length, samples, warnings }
}
