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
import { agentFiles, type Bounds, type Candidate, findFiles, within } from './find-files.ts'
import { realPath } from './inside.ts'
import { checkYaml, isProblems, maxYamlBytes, type Parsed, readYaml, type Yaml } from './parse-yaml.ts'
import { readText } from './read-text.ts'
import { unsupportedInAgent, unsupportedInEval, unsupportedInScenario } from './refuse-unsupported.ts'

/** `file` is how it is called, with slashes; `path` absolute; `home` the folder of the agent package around it. */
export type Written<T> = Parsed<T> & { readonly file: string; readonly path: string; readonly home?: string }
export type Package = {
  readonly root: string
  readonly fence: string
  readonly focus: string
  /** What files are called by. */
  readonly top: string
  readonly agents: readonly Written<AgentFile>[]
  readonly evals: readonly Written<EvalFile>[]
  readonly scenarios: readonly Written<ScenarioFile>[]
  readonly config?: Written<ConfigFile>
  /** Of single files; the others were read all the same. Those of agent packages are told apart. */
  readonly problems: readonly ProctorError[]
  readonly agentProblems: readonly ProctorError[]
  readonly isEmpty: boolean
  /** On a pull request. */
  readonly head?: Head
}
/**
 * Where agents come from, when that is another tree than that of everything else: `fence` around it, whose evals are whose (all that
 * there are), and what of an agent's folder is not its code.
 */
type Head = {
  readonly fence: string
  readonly owners: ReadonlyMap<Written<EvalFile>, Written<AgentFile>>
  readonly except: ReadonlyMap<Written<AgentFile>, readonly string[]>
}

/** Reads every file that a path stands for, and collects what is wrong with them. Throws `package_not_found`. */
export function readPackage(path: string, bounds: Bounds = {}): Package {
  const { root, fence, focus, top, isEmpty, candidates } = findFiles(path, bounds)
  const read = candidates.map((candidate) => ({ role: candidate.role, ...readOne(candidate, { top, fence, focus }) }))
  const agents = read.flatMap((one) => ('agent' in one ? [one.agent] : []))
  const evals = read.flatMap((one) => ('eval' in one ? [one.eval] : []))
  const scenarios = read.flatMap((one) => ('scenario' in one ? [one.scenario] : []))
  const [config] = read.flatMap((one) => ('config' in one ? [one.config] : []))
  const broken = read.flatMap((one) => ('problems' in one ? [one] : []))
  const of = (isAgent: boolean) => broken.filter(({ role }) => (role === 'agent') === isAgent).flatMap(({ problems }) => problems)
  const agentProblems = [...of(true), ...namesOfAgents(agents)]
  const problems = [...agentProblems, ...of(false), ...sameNames(scenarios, 'scenario_conflict')]
  return { root, fence, focus, top, isEmpty, agents, evals, scenarios, ...(config ? { config } : {}), problems, agentProblems }
}

/** The agent packages below a folder alone, whatever else is there. `within` the fence, links resolved, or there are none. */
export function readAgents(root: string, fence: string): readonly AgentRead[] {
  const real = realPath(root)
  if (real === undefined || !within(fence, real)) return []
  return agentFiles(real).map((candidate) => {
    const read = readOne(candidate, { top: fence, fence, focus: real })
    const home = dirname(candidate.path)
    return 'agent' in read ? { home, agent: read.agent, problems: [] } : { home, problems: 'problems' in read ? read.problems : [] }
  })
}
export type AgentRead = { readonly home: string; readonly agent?: Written<AgentFile>; readonly problems: readonly ProctorError[] }

/** What is wrong with what agents are called. */
export const namesOfAgents = (agents: readonly Written<AgentFile>[]): ProctorError[] => [
  ...reserved(agents),
  ...sameNames(agents, 'config_invalid'),
]

type Read =
  | { readonly agent: Written<AgentFile> }
  | { readonly eval: Written<EvalFile> }
  | { readonly scenario: Written<ScenarioFile> }
  | { readonly config: Written<ConfigFile> }
  | { readonly problems: readonly ProctorError[] }
type Around = Pick<Package, 'fence' | 'focus' | 'top'>

function readOne(candidate: Candidate, bounds: Around): Read {
  const file = relative(bounds.top, candidate.path).replaceAll(sep, '/')
  try {
    checkInside(candidate.path, file, bounds)
    const yaml = readYaml(readText(candidate.path, { file, code: 'config_invalid', maxBytes: maxYamlBytes }), file)
    return isProblems(yaml) ? { problems: yaml } : check(candidate, yaml, bounds)
  } catch (thrown) {
    if (thrown instanceof ProctorError) return { problems: [thrown] }
    throw thrown
  }
}

function checkInside(path: string, file: string, { fence }: Around) {
  const real = realPath(path)
  const place = { file, line: 1 }
  if (real === undefined) throw new ProctorError('config_invalid', 'is a link that leads nowhere', { place })
  if (!within(fence, real)) throw new ProctorError('config_invalid', 'is a link that leads out of the repository', { place })
}

function check({ path, role, home }: Candidate, yaml: Yaml, { focus }: Around): Read {
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
