import { type AgentFile, EnvironmentFile } from '../domain/agent.ts'
import type { ConfigFile, GrantFile } from '../domain/config.ts'
import type { Network } from '../domain/environment.ts'
import { ProctorError } from '../domain/error.ts'
import { providerOfKey } from '../domain/provider.ts'
import { httpsUrl } from '../lib/https-url.ts'
import { mebibytes } from './freeze/environment.ts'
import { networkOf } from './freeze/network.ts'
import type { Written } from './read/read-package.ts'

type Config = Pick<ConfigFile, 'grants'> | undefined
/** What every agent has without asking. */
const usual = EnvironmentFile.parse({}).resources
const nothing: GrantFile = { agent: '*', credentials: {}, network: 'gateway' }

/** What holds where the configuration has no `grants`. At a desk everything: whoever set the credentials runs the agent. */
export type Ungranted = 'everything' | 'nothing'

/** What an agent asks for beyond its grant, each with its line, as `agent_not_granted`. */
export function checkGrants(agent: Written<AgentFile>, config: Config, ungranted: Ungranted = 'everything'): readonly ProctorError[] {
  if (!config?.grants && ungranted === 'everything') return []
  const { value } = agent
  const given = grantOf(value.name, config) ?? nothing
  // Every agent may ask models through the gateway, so to name their keys is to ask for nothing more.
  const used = credentialsOf(value).filter(({ ownKey }) => config?.grants || !ownKey)
  const network = grantedNetwork(value, config)
  const beyond: readonly Beyond[] = [
    ...used
      .filter(({ name }) => !Object.hasOwn(given.credentials, name))
      .map(({ name, path }): Beyond => [path, notGranted(name, value.name)]),
    ...used.flatMap((one) => strayed(one, given, network)),
    ...beyondNetwork(network, given.network).map((message): Beyond => [['environment', 'network'], message]),
    ...beyondBudget(value, given),
    ...beyondResources(value, given),
  ]
  return beyond.map(
    ([path, message]) => new ProctorError('agent_not_granted', `\`${path.join('.')}\`: ${message}`, { place: agent.at(path) }),
  )
}
const notGranted = (name: string, agent: string) => `the credential ${name} is not granted to ${agent}`

/** Hosts that granted credentials may be sent to: the agent can reach them, and needs no allow-list of its own for that. */
export function grantedHosts(agent: AgentFile, config: Config): readonly string[] {
  const grant = grantOf(agent.name, config)
  return [...new Set(credentialsOf(agent).flatMap(({ name, goesTo }) => (goesTo === 'sandbox' ? (hostsOf(name, grant) ?? []) : [])))]
}

/** What an agent that names no network can reach: hosts that were granted are of no use without a way to them. */
export function grantedNetwork(agent: AgentFile, config: Config): Network {
  const network = networkOf(agent)
  const isSilent = agent.environment.network === undefined
  return isSilent && network === 'none' && grantedHosts(agent, config).length > 0 ? 'gateway' : network
}

/** The grant in the agent's name, else the one for all. */
const grantOf = (name: string, config: Config) =>
  config?.grants?.find(({ agent }) => agent === name) ?? config?.grants?.find(({ agent }) => agent === '*')
const hostsOf = (name: string, grant: GrantFile | undefined) =>
  grant && Object.hasOwn(grant.credentials, name) ? grant.credentials[name]?.hosts : undefined

/** `goesTo`: the agent's sandbox; the gateway, which keeps the keys of model providers; or this host, at which code is fetched. */
type Used = {
  readonly name: string
  readonly path: readonly string[]
  readonly goesTo: 'sandbox' | 'gateway' | { readonly host: string }
  /** A provider's key by its own name, for that provider. */
  readonly ownKey?: boolean
}

function credentialsOf({ environment, source }: AgentFile): Used[] {
  const bound = Object.entries(environment.env).flatMap(([variable, value]): Used[] => {
    if (typeof value === 'string') return []
    const [isFor, isOf] = [providerOfKey(variable), providerOfKey(value.credential)]
    const ownKey = isOf !== undefined && (isFor ?? isOf) === isOf
    return [{ name: value.credential, path: ['environment', 'env', variable], goesTo: (isFor ?? isOf) ? 'gateway' : 'sandbox', ownKey }]
  })
  if (typeof source !== 'object' || !('git' in source) || source.git.credential === undefined) return bound
  const url = httpsUrl(source.git.url)
  return 'refused' in url
    ? bound
    : [...bound, { name: source.git.credential, path: ['source', 'git', 'credential'], goesTo: { host: url.host } }]
}

/** A credential that is granted for some hosts, and could be sent to another. */
function strayed({ name, path, goesTo }: Used, given: GrantFile, network: Network): Beyond[] {
  const hosts = hostsOf(name, given)
  if (hosts === undefined || goesTo === 'gateway') return []
  const covered = (host: string) => hosts.some((pattern) => covers(pattern, host))
  const shown = hosts.join(', ') || 'no host'
  if (typeof goesTo === 'object')
    return covered(goesTo.host) ? [] : [[path, `${name} is granted for ${shown}, and the URL is at ${goesTo.host}`]]
  if (network === 'open') return [[path, `${name} is granted for some hosts only, and with \`network: open\` it could go to any`]]
  const others = typeof network === 'object' ? network.allow.filter((host) => !covered(host)) : []
  return others.length === 0 ? [] : [[path, `${name} is granted for ${shown} only, and could go to ${others.join(', ')}`]]
}

const width = { none: 0, gateway: 1, allow: 2, open: 3 } as const
const kindOf = (network: Network) => (typeof network === 'object' ? 'allow' : network)

function beyondNetwork(asked: Network, granted: Network): string[] {
  if (width[kindOf(asked)] > width[kindOf(granted)]) return [`asks for \`${kindOf(asked)}\`, and \`${kindOf(granted)}\` is granted`]
  if (typeof asked !== 'object' || typeof granted !== 'object') return []
  const more = asked.allow.filter((host) => !granted.allow.some((pattern) => covers(pattern, host)))
  return more.length === 0 ? [] : [`asks for ${more.join(', ')}, and ${granted.allow.join(', ')} is granted`]
}

/** `*.example.com` covers what lies below example.com, also when that is a pattern itself. The port of https need not be said. */
function covers(pattern: string, host: string): boolean {
  const [wide = '', asked = ''] = [pattern, host].map((one) => one.toLowerCase().replace(/:443$/, ''))
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

/** What is not spoken of is granted as far as every agent has it. */
function beyondResources({ environment: { resources } }: AgentFile, { resources: granted }: GrantFile): Beyond[] {
  return (['cpus', 'memory', 'pids', 'disk'] as const).flatMap((part): Beyond[] => {
    const most = granted?.[part] ?? usual[part]
    const asked = resources[part]
    const size = (value: string | number) => (typeof value === 'string' ? mebibytes(value) : value)
    if (size(asked) <= size(most)) return []
    return [[['environment', 'resources', part], `found ${asked}; accepted: at most ${most}, which is granted`]]
  })
}
