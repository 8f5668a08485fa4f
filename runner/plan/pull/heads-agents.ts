import { join, relative } from 'node:path'
import type { AgentFile } from '../../domain/agent.ts'
import type { ProctorError } from '../../domain/error.ts'
import { canonical } from '../../lib/digest.ts'
import { homeOf } from '../agent-source.ts'
import { answers, answersBelow } from '../freeze/answers.ts'
import { within } from '../read/find-files.ts'
import { realPath } from '../read/inside.ts'
import { namesOfAgents, type Package, readAgents, type Written } from '../read/read-package.ts'

type Agent = Written<AgentFile>
export type HeadsAgents = {
  /** As head has them, but for the schemas that answers are held against: the base supplies those. */
  readonly agents: readonly Agent[]
  /** Of these, the agent of the base whose place each has. One that is new has nobody's. */
  readonly was: ReadonlyMap<Agent, Agent>
  /** Exactly as head has them. */
  readonly own: readonly Agent[]
  /** What of the folder of each, the base's too, is not its code. */
  readonly except: ReadonlyMap<Agent, readonly string[]>
  readonly problems: readonly ProctorError[]
  /** Files whose schemas do not hold. */
  readonly altered: readonly string[]
}

/** The agents of head that the focus is about: those in it, and those that the base has. */
export function headsAgents(base: Package, head: Package): HeadsAgents {
  // Where the base says that packages are: head cannot move that by adding folders.
  const root = join(head.fence, relative(base.fence, base.root))
  const read = readAgents(root, head.fence).filter(
    ({ home, agent }) =>
      within(head.focus, home) ||
      base.agents.some((other) => sameFolder(base, other.home, head, home) || other.value.name === agent?.value.name),
  )
  const own = read.flatMap(({ agent }) => agent ?? [])
  const pairs = own.map((agent) => ({ agent, before: predecessor(agent, own, { base, head }) }))
  const adopted = pairs.map(({ agent, before }) => ({ own: agent, agent: before ? withSchemasOf(before, agent) : agent, before }))
  const except = adopted.flatMap(({ own, agent, before }) => {
    const place = before ? homeOf(before) : join(base.fence, relative(head.fence, homeOf(own)))
    const names = [...answersBelow(homeOf(own), { ...head, root }), ...answersBelow(realPath(place) ?? place, base)]
    return [own, agent].map((key): [Agent, string[]] => [key, [...new Set(names)].sort()])
  })
  return {
    agents: adopted.map(({ agent }) => agent),
    was: new Map(adopted.flatMap(({ agent, before }) => (before ? [[agent, before] as const] : []))),
    own,
    except: new Map([...except, ...base.agents.map((agent): [Agent, string[]] => [agent, answers(agent, base)])]),
    problems: [...read.flatMap(({ problems }) => problems), ...namesOfAgents(own)],
    altered: adopted.flatMap(({ own, before }) => (before && !hasSameSchemas(own, before) ? [`${own.file} (its schemas)`] : [])),
  }
}

/** Whether two folders lie at the same place of their trees. */
export const sameFolder = (one: Package, path: string | undefined, other: Package, otherPath: string | undefined) =>
  path !== undefined && otherPath !== undefined && relative(one.fence, path) === relative(other.fence, otherPath)

/** An agent is known by its name; under a name that the base does not have, it is whoever was in that folder and has left. */
function predecessor(agent: Agent, all: readonly Agent[], { base, head }: { base: Package; head: Package }): Agent | undefined {
  const named = base.agents.find(({ value }) => value.name === agent.value.name)
  if (named) return named
  const left = base.agents.filter(({ value }) => !all.some((other) => other.value.name === value.name))
  return left.find(({ home }) => sameFolder(base, home, head, agent.home))
}

const schemas = ({ input_schema, output_schema }: AgentFile) => ({ input_schema, output_schema })
const withSchemasOf = (before: Agent, agent: Agent): Agent => ({ ...agent, value: { ...agent.value, ...schemas(before.value) } })

const hasSameSchemas = (one: Agent, other: Agent) => canonical(schemas(one.value)) === canonical(schemas(other.value))
