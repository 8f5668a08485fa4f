import type { AgentFile } from '../domain/agent.ts'
import { type Code, ProctorError } from '../domain/error.ts'
import { EvalFile } from '../domain/eval.ts'
import { didYouMean, listed } from '../lib/nearest.ts'
import { type BuiltIn, builtIn, isBuiltIn } from './builtin-agents.ts'
import { within } from './read/find-files.ts'
import type { Package, Written } from './read/read-package.ts'

/** `owner`: the agent that a built-in one stands in for. */
export type Chosen = Written<AgentFile> | { readonly builtIn: BuiltIn; readonly owner?: Written<AgentFile> }
export type Pair = { readonly agent: Chosen; readonly eval: Written<EvalFile> }
export type Selection = {
  readonly pairs: readonly Pair[]
  readonly problems: readonly ProctorError[]
  readonly warnings: readonly string[]
}
/** Names that were asked for; empty = all. `check`: nothing will run, so drafts and evals of nobody are looked at too. */
export type Asked = { readonly agents: readonly string[]; readonly evals: readonly string[]; readonly check?: boolean }

export const nameOf = (agent: Chosen): string => ('builtIn' in agent ? agent.builtIn : agent.value.name)

/** Which agent runs which eval. An agent that was asked for by name runs its own evals and those that belong to nobody; together with a named eval, that one. */
export function selectEvals(found: Package, asked: Asked): Selection {
  const problems: ProctorError[] = []
  const warnings: string[] = []
  const all = allEvals(found, asked.check)
  const evals = all.filter(({ value }) => asked.evals.length === 0 || asked.evals.includes(value.name))
  problems.push(
    ...unknown(
      'eval_not_found',
      'eval',
      asked.evals,
      all.map(({ value }) => value.name),
    ),
  )
  problems.push(...unknown('agent_not_found', 'agent', asked.agents, [...found.agents.map(({ value }) => value.name), ...builtIn]))

  const pairs = evals.flatMap((one): Pair[] => {
    const owner = ownerOf(one, found)
    if (owner instanceof ProctorError) problems.push(owner)
    const own = owner instanceof ProctorError ? undefined : owner
    const named = asked.agents.flatMap((name) => byName(name, found, own))
    if (named.length > 0)
      return named
        .filter((agent) => 'builtIn' in agent || asked.evals.length > 0 || own === undefined || own === agent)
        .map((agent): Pair => ({ agent, eval: one }))
    if (asked.agents.length > 0 || owner instanceof ProctorError) return []
    if (own) return [{ agent: own, eval: one }]
    if (!asked.check) problems.push(nobody(one, found))
    return asked.check ? [{ agent: { builtIn: 'no-op' }, eval: one }] : []
  })
  if (asked.check) return { pairs, problems: [...problems, ...twice(pairs)], warnings }
  const ready = pairs.filter(({ agent }) => 'builtIn' in agent || !agent.value.draft)
  const drafts = new Set(pairs.flatMap(({ agent }) => ('builtIn' in agent || !agent.value.draft ? [] : [agent])))
  for (const draft of drafts) {
    if (ready.length === 0 || asked.agents.includes(draft.value.name))
      problems.push(new ProctorError('agent_draft', `the agent \`${draft.value.name}\` is a draft`, { place: draft.at(['draft']) }))
    else warnings.push(`the agent \`${draft.value.name}\` is a draft: its evals were left out`)
  }
  problems.push(...twice(ready))
  if (pairs.length === 0 && problems.length === 0) problems.push(nothing(found, asked))
  return { pairs: ready, problems, warnings }
}

/** Those that were written, and those that scenarios are by themselves. */
export const allEvals = (found: Package, check = false): readonly Written<EvalFile>[] =>
  found.head ? found.evals : [...found.evals, ...implied(found, check)]

/** A scenario that no eval uses is an exercise all the same, where scenarios were asked for or nothing else is there. The rows of a dataset may name any. */
function implied({ scenarios, evals, agents, focus }: Package, check: boolean): Written<EvalFile>[] {
  const used = new Set(evals.map(({ value }) => value.scenario))
  const unused = scenarios.filter(({ path, value }) => within(focus, path) && !used.has(value.name))
  const isWired = evals.some(({ value }) => value.columns.scenario_ref !== undefined)
  if (isWired || (!check && agents.some(({ path }) => within(focus, path)))) return []
  return unused
    .filter(({ value }) => !check || value.instruction !== undefined)
    .map((scenario) => ({
      ...scenario,
      written: {},
      value: EvalFile.parse({
        apiVersion: 'proctor/v1',
        kind: 'Eval',
        name: scenario.value.name,
        scenario: scenario.value.name,
        judge: 'none',
      }),
    }))
}

/** Whom the eval names, or in whose folder it lies, or the only agent there is. */
export function ownerOf(one: Written<EvalFile>, { agents, problems, head }: Package): Written<AgentFile> | ProctorError | undefined {
  const known = head?.owners.get(one)
  if (known) return known
  const { agent: name } = one.value
  if (name === undefined)
    return agents.find(({ home }) => home !== undefined && home === one.home) ?? (agents.length === 1 ? agents[0] : undefined)
  const owner = agents.find(({ value }) => value.name === name)
  if (owner || problems.length > 0) return owner
  return new ProctorError(
    'agent_not_found',
    `\`agent\`: found "${name}"${didYouMean(
      name,
      agents.map(({ value }) => value.name),
    )}`,
    { place: one.at(['agent']) },
  )
}

function byName(name: string, { agents }: Package, owner: Written<AgentFile> | undefined): Chosen[] {
  if (isBuiltIn(name)) return [{ builtIn: name, ...(owner ? { owner } : {}) }]
  return agents.filter(({ value }) => value.name === name)
}

const unknown = (code: Code, what: string, names: readonly string[], known: readonly string[]) =>
  names
    .filter((name) => !known.includes(name))
    .map((name) => new ProctorError(code, `no ${what} is called \`${name}\`${didYouMean(name, known)}`))

function nobody(one: Written<EvalFile>, { agents }: Package): ProctorError {
  const names = [...agents.map(({ value }) => value.name), ...builtIn]
  return new ProctorError(
    'agent_not_found',
    `the eval \`${one.value.name}\` names no agent; name one with --agent or \`agent:\`; known: ${listed(names)}`,
    { place: one.at(['name']) },
  )
}

function twice(pairs: readonly Pair[]): ProctorError[] {
  const seen = new Map<string, Written<EvalFile>>()
  return pairs.flatMap(({ agent, eval: one }) => {
    const name = `${nameOf(agent)} / ${one.value.name}`
    const other = seen.get(name)
    seen.set(name, other ?? one)
    if (other === undefined || other === one) return []
    return [
      new ProctorError(
        'config_invalid',
        `\`name\`: found "${one.value.name}", which ${other.file} has too, for the same agent; accepted: a name of its own`,
        { place: one.at(['name']) },
      ),
    ]
  })
}

function nothing({ evals, agents }: Package, { agents: asked }: Asked): ProctorError {
  if (evals.length === 0)
    return new ProctorError('eval_not_found', `there is no eval${agents.length > 0 ? ': add one in evals/ beside agent.yaml' : ''}`)
  return new ProctorError(
    'eval_not_found',
    `no eval belongs to ${asked.join(', ')}; known: ${listed(evals.map(({ value }) => value.name))}`,
  )
}
