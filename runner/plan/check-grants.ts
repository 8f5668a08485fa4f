import type { AgentFile } from '../domain/agent.ts'
import type { ConfigFile, GrantFile } from '../domain/config.ts'
import type { Network } from '../domain/environment.ts'
import { ProctorError } from '../domain/error.ts'
import { mebibytes } from './freeze/environment.ts'
import { networkOf } from './freeze/network.ts'
import type { Written } from './read/read-package.ts'

type Config = Pick<ConfigFile, 'grants'> | undefined
const nothing: GrantFile = { agent: '*', credentials: {}, network: 'gateway' }

/**
 * What an agent asks for beyond its grant, each with its line, as `agent_not_granted`. Without `grants` in the configuration a desk grants
 * everything: whoever set the credentials runs the agent.
 */
export function checkGrants(agent: Written<AgentFile>, config: Config): readonly ProctorError[] {
  const { value } = agent
  const refuse = (path: readonly (string | number)[], message: string) =>
    new ProctorError('agent_not_granted', `\`${path.join('.')}\`: ${message}`, { place: agent.at(path) })
  const grant = grantOf(value.name, config)
  const open = credentialsOf(value).filter(({ name }) => grant?.credentials[name]?.hosts && networkOf(value) === 'open')
  const leaks = open.map(({ name, path }) =>
    refuse(path, `${name} is granted for some hosts only, and with \`network: open\` it could go to any`),
  )
  if (!config?.grants) return leaks
  const given = grant ?? nothing
  return [
    ...leaks,
    ...credentialsOf(value)
      .filter(({ name }) => !Object.hasOwn(given.credentials, name))
      .map(({ name, path }) => refuse(path, `the credential ${name} is not granted to ${value.name}`)),
    ...beyondNetwork(networkOf(value), given.network).map((message) => refuse(['environment', 'network'], message)),
    ...beyondBudget(value, given).map(([path, message]) => refuse(path, message)),
    ...beyondResources(value, given).map(([path, message]) => refuse(path, message)),
  ]
}

/** Hosts that granted credentials may be sent to: the agent can reach them, and needs no allow-list of its own for that. */
export function grantedHosts(agent: AgentFile, config: Config): readonly string[] {
  const grant = grantOf(agent.name, config)
  const used = credentialsOf(agent).map(({ name }) => name)
  return [...new Set(used.flatMap((name) => grant?.credentials[name]?.hosts ?? []))]
}

/** The grant in the agent's name, else the one for all. */
const grantOf = (name: string, config: Config) =>
  config?.grants?.find(({ agent }) => agent === name) ?? config?.grants?.find(({ agent }) => agent === '*')

function credentialsOf({ environment, source }: AgentFile) {
  const bound = Object.entries(environment.env).flatMap(([variable, value]) =>
    typeof value === 'string' ? [] : [{ name: value.credential, path: ['environment', 'env', variable] }],
  )
  const login = typeof source === 'object' && 'git' in source ? source.git.credential : undefined
  return login === undefined ? bound : [...bound, { name: login, path: ['source', 'git', 'credential'] }]
}

const width = { none: 0, gateway: 1, allow: 2, open: 3 } as const
const kindOf = (network: Network) => (typeof network === 'object' ? 'allow' : network)

function beyondNetwork(asked: Network, granted: Network): string[] {
  if (width[kindOf(asked)] > width[kindOf(granted)]) return [`asks for \`${kindOf(asked)}\`, and \`${kindOf(granted)}\` is granted`]
  if (typeof asked !== 'object' || typeof granted !== 'object') return []
  const more = asked.allow.filter((host) => !granted.allow.some((pattern) => covers(pattern, host)))
  return more.length === 0 ? [] : [`asks for ${more.join(', ')}, and ${granted.allow.join(', ')} is granted`]
}

/** `*.example.com` covers what lies below example.com, also when that is a pattern itself. */
function covers(pattern: string, host: string): boolean {
  const [wide, asked] = [pattern.toLowerCase(), host.toLowerCase()]
  return wide === asked || (wide.startsWith('*.') && asked.endsWith(wide.slice(1)))
}

type Beyond = readonly [path: readonly string[], message: string]

/** A budget that is granted holds for an agent that names none, too: it has to name one within it. */
function beyondBudget({ budget }: AgentFile, { budget: granted }: GrantFile): Beyond[] {
  return (['cost_usd', 'tokens'] as const).flatMap((part): Beyond[] => {
    const most = granted?.[part]
    const asked = budget?.[part]
    if (most === undefined || (asked !== undefined && asked <= most)) return []
    return [[['budget', part], `${asked === undefined ? 'missing' : `found ${asked}`}; accepted: at most ${most}, which is granted`]]
  })
}

function beyondResources({ environment: { resources } }: AgentFile, { resources: granted }: GrantFile): Beyond[] {
  return (['cpus', 'memory', 'pids', 'disk'] as const).flatMap((part): Beyond[] => {
    const most = granted?.[part]
    const asked = resources[part]
    const size = (value: string | number) => (typeof value === 'string' ? mebibytes(value) : value)
    if (most === undefined || size(asked) <= size(most)) return []
    return [[['environment', 'resources', part], `found ${asked}; accepted: at most ${most}, which is granted`]]
  })
}
