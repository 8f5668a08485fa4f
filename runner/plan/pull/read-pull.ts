import { basename, dirname } from 'node:path'
import type { AgentFile } from '../../domain/agent.ts'
import { ProctorError } from '../../domain/error.ts'
import type { EvalFile } from '../../domain/eval.ts'
import { type Package, readPackage, type Written } from '../read/read-package.ts'
import { allEvals, ownerOf } from '../select-evals.ts'
import { altered } from './altered.ts'
import { type HeadsAgents, headsAgents, sameFolder } from './heads-agents.ts'

/** Two trees: the same part of each, and the repository around it. */
export type TwoTrees = Tree & { readonly base: Tree }
type Tree = { readonly root: string; readonly fence?: string | undefined }

/** A change, and what it branched off from. Of head, nothing but its agents is read for what decides. */
export type Pull = {
  /** The base's package with head's agents in it. */
  readonly decides: Package
  readonly base: Package
  /** Head's own evals, under the base's configuration: they may run beside it. */
  readonly proposes: Package
  /** Files of what the base supplies that head has otherwise. */
  readonly altered: readonly string[]
  readonly was: HeadsAgents['was']
  readonly warnings: readonly string[]
}

/** Throws `package_not_found` when neither tree has anything there. */
export async function readPull({ root, fence, base: from }: TwoTrees): Promise<Pull> {
  const base = readPackage(from.root, { fence: from.fence, orNothing: true })
  const head = readPackage(root, { fence, orNothing: !base.isEmpty })
  const found = headsAgents(base, head)
  const evals = allEvals(base)
  const { owners, gone } = ownersOnHead(evals, { base, head, found })
  return {
    decides: {
      ...base,
      agents: found.agents,
      evals: evals.filter((one) => !gone.has(one)),
      problems: [...besideAgents(base), ...found.problems],
      agentProblems: found.problems,
      head: { fence: head.fence, owners, except: found.except },
    },
    base: { ...base, evals },
    proposes: proposing(head, base, found),
    altered: [...(await altered(base, head)), ...found.altered],
    was: found.was,
    warnings: goneWarnings(gone),
  }
}

const besideAgents = ({ problems, agentProblems }: Package) => problems.filter((problem) => !agentProblems.includes(problem))

type Eval = Written<EvalFile>
type Agent = Written<AgentFile>

/** Whose the base's evals are on head: of whoever has the place of the agent whose they are on the base. `gone`: nobody has it. */
function ownersOnHead(evals: readonly Eval[], { base, head, found }: { base: Package; head: Package; found: HeadsAgents }) {
  const successors = new Map([...found.was].map(([agent, before]) => [before, agent]))
  const owners = new Map<Eval, Agent>()
  const gone = new Map<Eval, Agent>()
  for (const one of evals) {
    const before = ownerOnBase(one, base)
    const agent = before ? successors.get(before) : inItsFolder(one, { base, head, found })
    if (agent) owners.set(one, agent)
    else if (before) gone.set(one, before)
  }
  return { owners, gone }
}

function ownerOnBase(one: Eval, base: Package): Agent | undefined {
  const owner = ownerOf(one, base)
  if (owner === undefined || owner instanceof ProctorError) return undefined
  // The agent in whose folder it lies could not be read: then the only other one is not its owner.
  const isElsewhere = one.value.agent === undefined && one.home !== undefined && owner.home !== one.home
  return isElsewhere ? undefined : owner
}

/** An eval may lie where its agent is yet to come. */
function inItsFolder(one: Eval, { base, head, found }: { base: Package; head: Package; found: HeadsAgents }): Agent | undefined {
  const folder = dirname(one.path)
  if (one.value.agent !== undefined || basename(folder) !== 'evals') return undefined
  return found.agents.find(({ home }) => sameFolder(base, dirname(folder), head, home))
}

function goneWarnings(gone: ReadonlyMap<Eval, Agent>): string[] {
  const byAgent = Map.groupBy(gone, ([, { value }]) => value.name)
  return [...byAgent].map(
    ([name, evals]) => `the agent \`${name}\` is gone: of it, ${evals.map(([{ value }]) => value.name).join(', ')} is not run`,
  )
}

function proposing({ config: _, ...head }: Package, { config }: Package, { own, except }: HeadsAgents): Package {
  const rest = { ...head, agents: own, problems: besideAgents(head), agentProblems: [], ...(config ? { config } : {}) }
  return { ...rest, evals: allEvals(rest), head: { fence: head.fence, owners: new Map(), except } }
}
