import { randomBytes, randomUUID } from 'node:crypto'
import { places } from '../agents/places.ts'
import type { EnvValue } from '../domain/environment.ts'
import type { Run } from '../domain/plan.ts'
import type { Redactor } from '../lib/redact.ts'
import type { Credentials } from '../seams/credentials.ts'

/** What a run's commands find in their environment. Secrets among it are known to the redactor before anybody else sees them. */
export type Grant = { readonly env: Readonly<Record<string, string>>; readonly warnings: readonly string[] }

/** Where the tools of a run will answer. Nothing listens there in a sandbox without a network, which is all there is so far. */
const toolsUrl = 'http://127.0.0.1:8484'

/** Throws `agent_secret_unresolved`. */
export async function issueGrant(run: Run, credentials: Credentials, redactor: Redactor): Promise<Grant> {
  const { agent, sample } = run
  const token = randomBytes(32).toString('base64url')
  redactor.register(token)
  const written = { ...sample.exercise?.environment.env, ...agent.environment.env }
  const { env, warnings } = await resolve(written, credentials, redactor)
  return { env: { ...env, ...contract(run, token) }, warnings }
}

async function resolve(written: Readonly<Record<string, EnvValue>>, credentials: Credentials, redactor: Redactor): Promise<Grant> {
  const wanted = Object.values(written).flatMap((value) => (typeof value === 'string' ? [] : [value.credential]))
  const values = wanted.length > 0 ? await credentials.resolve([...new Set(wanted)]) : new Map<string, string>()
  const refused = [...values].flatMap(([name, value]) => {
    const why = redactor.register(value)
    return why ? [`Credential ${name}: ${why}.`] : []
  })
  const env = Object.entries(written).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : (values.get(value.credential) ?? ''),
  ])
  return { env: Object.fromEntries(env), warnings: refused }
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
    API_URL: toolsUrl,
    TOOLS_SCHEMA_B64: Buffer.from('[]').toString('base64'),
  }
  const both = Object.entries(named).flatMap(([name, value]) => [
    [`PIPELINES_${name}`, value],
    [`PROCTOR_${name}`, value],
  ])
  return { ...Object.fromEntries(both), PIPELINES_ODYSSEY_PROXY_URL: toolsUrl, PROCTOR_TOOLS_URL: toolsUrl }
}
