import { randomBytes, randomUUID } from 'node:crypto'
import { wantedProviders } from '../agents/cli/index.ts'
import { places } from '../agents/places.ts'
import type { EnvValue } from '../domain/environment.ts'
import { ProctorError } from '../domain/error.ts'
import type { Login, Run } from '../domain/plan.ts'
import { type Provider, providerOfKey, providers } from '../domain/provider.ts'
import type { Redactor } from '../lib/redact.ts'
import type { Grant } from '../seams/gateway.ts'
import type { World } from '../seams/world.ts'

/** What a run's commands find in their environment, and its way out. Secrets among it are known to the redactor before anybody else sees them. */
export type Equipment = AsyncDisposable & {
  readonly env: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
  /** Absent with `network: none`. */
  readonly grant?: Grant
}

/** Where gateway and tools of a run answer, in its sandbox. */
export const gatewayUrl = 'http://127.0.0.1:8484'

/** Throws `agent_secret_unresolved`. Nothing of it has cost a container yet. */
export async function equip(run: Run, world: Pick<World, 'credentials' | 'gateway'>, redactor: Redactor): Promise<Equipment> {
  const { agent, sample } = run
  const { network, env: written } = agent.environment
  await mask([agent.login, sample.exercise?.login], world.credentials, redactor)
  const bound = await resolve({ ...sample.exercise?.environment.env, ...written }, world.credentials, redactor)
  if (network !== 'none') requireModel(run, [...world.gateway.providers, ...bound.keys.keys()])
  const hosts = [...(typeof network === 'object' ? network.allow : []), ...(agent.hosts ?? [])]
  const grant =
    network === 'none'
      ? undefined
      : await world.gateway.admit({ run, keys: bound.keys, hosts, open: network === 'open', redact: (text) => redactor.redact(text) })
  const token = grant?.token ?? randomBytes(32).toString('base64url')
  redactor.register(token)
  const swapped = grant ? Object.fromEntries(bound.swapped.map((name) => [name, token])) : {}
  return {
    env: {
      ...(grant ? models(grant) : {}),
      ...(grant && hosts.length > 0 ? proxy(token) : {}),
      ...bound.env,
      ...swapped,
      ...contract(run, token),
    },
    warnings: [
      ...bound.warnings,
      ...(grant ? [] : bound.swapped.map((name) => `${name} is left out: with \`network: none\` there is nothing to use it for.`)),
    ],
    ...(grant ? { grant } : {}),
    [Symbol.asyncDispose]: async () => grant?.[Symbol.asyncDispose](),
  }
}

/** What code and workspace were fetched with is no part of the sandbox; should it show up there all the same, it is masked. */
async function mask(logins: readonly (Login | undefined)[], credentials: World['credentials'], redactor: Redactor): Promise<void> {
  for (const login of logins) {
    if (login === undefined) continue
    if ('storedFor' in login) redactor.register(await credentials.storedToken(login.storedFor))
    else for (const value of (await credentials.resolve([login.credential])).values()) redactor.register(value)
  }
}

/** A CLI whose models nobody could be asked for would only find out in its sandbox. */
function requireModel({ agent: { start, slug } }: Run, open: readonly Provider[]): void {
  const wanted = start.kind === 'ShellCommand' ? wantedProviders(start.command) : []
  if (wanted.length === 0 || wanted.some((name) => open.includes(name))) return
  const keys = wanted.map((name) => providers[name].keys[0])
  throw new ProctorError(
    'agent_secret_unresolved',
    `${slug} asks models of ${wanted.join(' or ')}, and ${keys.join(' or ')} is not set on the host, nor bound in its \`env\``,
  )
}

/** `swapped`: variables that hold a model provider's key. It stays with the gateway (`keys`); the sandbox gets the run's token there. */
type Bound = {
  readonly env: Readonly<Record<string, string>>
  readonly keys: ReadonlyMap<Provider, string>
  readonly swapped: readonly string[]
  readonly warnings: readonly string[]
}

async function resolve(written: Readonly<Record<string, EnvValue>>, credentials: World['credentials'], redactor: Redactor): Promise<Bound> {
  const wanted = Object.values(written).flatMap((value) => (typeof value === 'string' ? [] : [value.credential]))
  const values = wanted.length > 0 ? await credentials.resolve([...new Set(wanted)]) : new Map<string, string>()
  const warnings = [...values].flatMap(([name, value]) => {
    const why = redactor.register(value)
    return why ? [`Credential ${name}: ${why}.`] : []
  })
  const env: Record<string, string> = {}
  const keys = new Map<Provider, string>()
  const swapped: string[] = []
  for (const [name, value] of Object.entries(written)) {
    const provider = typeof value === 'string' ? undefined : (providerOfKey(name) ?? providerOfKey(value.credential))
    const found = typeof value === 'string' ? value : (values.get(value.credential) ?? '')
    if (provider === undefined) env[name] = found
    else {
      keys.set(provider, found)
      swapped.push(name)
    }
  }
  return { env, keys, swapped, warnings }
}

/** What the providers' own clients read: where to ask, and what to show there. What an author wrote wins over it. */
function models({ token, providers: open }: Grant): Record<string, string> {
  const pairs = open.flatMap((name) => {
    const { keys, addresses, path } = providers[name]
    const [key] = keys
    return [[key, token], ...addresses.map((address) => [address, `${gatewayUrl}${path}`])]
  })
  return Object.fromEntries(pairs)
}

/** In both cases of letters: curl reads only the small ones, others only the capitals. */
function proxy(token: string): Record<string, string> {
  const named = {
    HTTPS_PROXY: gatewayUrl.replace('//', `//proctor:${token}@`),
    HTTP_PROXY: gatewayUrl.replace('//', `//proctor:${token}@`),
    NO_PROXY: '127.0.0.1,localhost',
  }
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  )
}

/** Names of the contract with agents, each under both of its prefixes. */
function contract({ id, agent, sample }: Run, token: string): Record<string, string> {
  const named = {
    TASK_FILE: places.taskFile,
    RUN_TOKEN: token,
    RUN_TOKEN_JTI: randomUUID(),
    RUN_ID: id,
    TASK_ID: sample.id,
    AGENT_ID: agent.slug,
    API_URL: gatewayUrl,
    TOOLS_SCHEMA_B64: Buffer.from('[]').toString('base64'),
  }
  const both = Object.entries(named).flatMap(([name, value]) => [
    [`PIPELINES_${name}`, value],
    [`PROCTOR_${name}`, value],
  ])
  return { ...Object.fromEntries(both), PIPELINES_ODYSSEY_PROXY_URL: gatewayUrl, PROCTOR_TOOLS_URL: gatewayUrl }
}
