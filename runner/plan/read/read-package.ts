import { basename, dirname, relative, sep } from 'node:path'
import type { z } from 'zod'
import { type AgentFile, laterKinds, PythonFunctionFile, ShellCommandFile } from '../../domain/agent.ts'
import { ConfigFile } from '../../domain/config.ts'
import { type Code, ProctorError } from '../../domain/error.ts'
import { EvalFile } from '../../domain/eval.ts'
import { ScenarioFile } from '../../domain/scenario.ts'
import { didYouMean } from '../../lib/nearest.ts'
import { isBuiltIn } from '../builtin-agents.ts'
import { dockerfileProblems } from './dockerfile-problems.ts'
import { type Candidate, findFiles, within } from './find-files.ts'
import { realPath } from './inside.ts'
import { checkYaml, isProblems, maxYamlBytes, type Parsed, readYaml, type Yaml } from './parse-yaml.ts'
import { readText } from './read-text.ts'
import { unsupportedInAgent, unsupportedInEval, unsupportedInScenario } from './refuse-unsupported.ts'

/** `file` is relative to the root, with slashes; `path` absolute; `home` the folder of the agent package around it. */
export type Written<T> = Parsed<T> & { readonly file: string; readonly path: string; readonly home?: string }
export type Package = {
  readonly root: string
  readonly fence: string
  readonly focus: string
  readonly agents: readonly Written<AgentFile>[]
  readonly evals: readonly Written<EvalFile>[]
  readonly scenarios: readonly Written<ScenarioFile>[]
  readonly config?: Written<ConfigFile>
  /** Of single files; the others were read all the same. */
  readonly problems: readonly ProctorError[]
}

/** Reads every file that a path stands for, and collects what is wrong with them. Throws `package_not_found`. */
export function readPackage(path: string): Package {
  const { root, fence, focus, candidates } = findFiles(path)
  const read = candidates.map((candidate) => readOne(candidate, { root, fence, focus }))
  const agents = read.flatMap((one) => ('agent' in one ? [one.agent] : []))
  const evals = read.flatMap((one) => ('eval' in one ? [one.eval] : []))
  const scenarios = read.flatMap((one) => ('scenario' in one ? [one.scenario] : []))
  const [config] = read.flatMap((one) => ('config' in one ? [one.config] : []))
  const problems = read.flatMap((one) => ('problems' in one ? one.problems : []))
  const names = [...reserved(agents), ...sameNames(agents, 'config_invalid'), ...sameNames(scenarios, 'scenario_conflict')]
  return { root, fence, focus, agents, evals, scenarios, ...(config ? { config } : {}), problems: [...problems, ...names] }
}

type Read =
  | { readonly agent: Written<AgentFile> }
  | { readonly eval: Written<EvalFile> }
  | { readonly scenario: Written<ScenarioFile> }
  | { readonly config: Written<ConfigFile> }
  | { readonly problems: readonly ProctorError[] }
type Bounds = Pick<Package, 'root' | 'fence' | 'focus'>

function readOne(candidate: Candidate, bounds: Bounds): Read {
  const file = relative(bounds.root, candidate.path).replaceAll(sep, '/')
  try {
    checkInside(candidate.path, file, bounds)
    const yaml = readYaml(readText(candidate.path, { file, code: 'config_invalid', maxBytes: maxYamlBytes }), file)
    return isProblems(yaml) ? { problems: yaml } : check(candidate, yaml, bounds)
  } catch (thrown) {
    if (thrown instanceof ProctorError) return { problems: [thrown] }
    throw thrown
  }
}

function checkInside(path: string, file: string, { fence }: Bounds) {
  const real = realPath(path)
  const place = { file, line: 1 }
  if (real === undefined) throw new ProctorError('config_invalid', 'is a link that leads nowhere', { place })
  if (!within(fence, real)) throw new ProctorError('config_invalid', 'is a link that leads out of the repository', { place })
}

function check({ path, role, home }: Candidate, yaml: Yaml, { focus }: Bounds): Read {
  const kind = kindIn(yaml)
  const parse = <S extends z.ZodType, T>(
    schema: S,
    refuse: (written: Written<z.output<S>>) => readonly ProctorError[],
    wrap: (written: Written<z.output<S>>) => T,
  ) => {
    const parsed = checkYaml(yaml, schema)
    if (isProblems(parsed)) return { problems: parsed }
    const written = { ...parsed, file: yaml.file, path, ...(home === undefined ? {} : { home }) }
    const refused = [...refuse(written), ...dockerfileProblems(written)]
    return refused.length > 0 ? { problems: refused } : wrap(written)
  }
  // Beyond what was asked for, scenarios are looked up; evals there were not asked for.
  if (role === 'any' && kind === 'Eval' && !within(focus, path)) return { problems: [] }
  switch (role) {
    case 'config':
      return parse(
        ConfigFile,
        () => [],
        (config) => ({ config }),
      )
    case 'agent':
      if (kind === 'PythonFunction') return parse(PythonFunctionFile, unsupportedInAgent, (agent) => ({ agent }))
      if (kind === 'ShellCommand') return parse(ShellCommandFile, unsupportedInAgent, (agent) => ({ agent }))
      return { problems: [strangeAgent(yaml, kind)] }
    case 'any':
      if (kind !== 'Eval' && kind !== 'Scenario')
        return isMeant(yaml, path, focus) ? { problems: [strangeKind(yaml, kind, ['Eval', 'Scenario'])] } : { problems: [] }
  }
  return role === 'eval' || (role === 'any' && kind === 'Eval')
    ? parse(EvalFile, unsupportedInEval, (written) => ({ eval: written }))
    : parse(ScenarioFile, unsupportedInScenario, (scenario) => ({ scenario }))
}

const kindIn = ({ written }: Yaml): unknown =>
  typeof written === 'object' && written !== null && 'kind' in written ? written.kind : undefined

/** A folder of scenarios may hold other YAML; a file that was named, or that says whose it is, was meant for us. */
const isMeant = ({ written }: Yaml, path: string, focus: string) =>
  path === focus || basename(dirname(path)) === 'scenarios' || (typeof written === 'object' && written !== null && 'apiVersion' in written)

function strangeAgent(yaml: Yaml, kind: unknown): ProctorError {
  const later: readonly unknown[] = laterKinds
  if (!later.includes(kind)) return strangeKind(yaml, kind, ['PythonFunction', 'ShellCommand'])
  return new ProctorError('agent_kind_unsupported', `\`kind\`: found "${kind}"; this release runs PythonFunction and ShellCommand`, {
    place: yaml.at(['kind']),
  })
}

function strangeKind(yaml: Yaml, kind: unknown, known: readonly string[]): ProctorError {
  const found = kind === undefined ? 'missing' : `found ${JSON.stringify(kind)}`
  const close = typeof kind === 'string' ? didYouMean(kind, known) : ''
  const guess = close.includes('mean') ? close : ''
  return new ProctorError(
    'config_invalid',
    `\`kind\`: ${found}; accepted: ${known.map((name) => JSON.stringify(name)).join(', ')}${guess}`,
    { place: yaml.at(['kind']) },
  )
}

function sameNames(files: readonly Written<{ name: string }>[], code: Code): ProctorError[] {
  const first = new Map<string, Written<{ name: string }>>()
  return files.flatMap((file) => {
    const other = first.get(file.value.name)
    if (other === undefined) first.set(file.value.name, file)
    if (other === undefined) return []
    const line = other.at(['name']).line
    return [
      new ProctorError(code, `\`name\`: found "${file.value.name}", which ${other.file}:${line} has too; accepted: a name of its own`, {
        place: file.at(['name']),
      }),
    ]
  })
}

const reserved = (agents: readonly Written<AgentFile>[]): ProctorError[] =>
  agents
    .filter(({ value }) => isBuiltIn(value.name))
    .map(
      ({ value, at }) =>
        new ProctorError(
          'config_invalid',
          `\`name\`: found "${value.name}", which is the name of a built-in agent; accepted: another name`,
          { place: at(['name']) },
        ),
    )
