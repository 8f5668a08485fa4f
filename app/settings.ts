import { createPrivateKey } from 'node:crypto'
import { join, resolve } from 'node:path'
import { Problems, ProctorError } from '../runner/domain/error.ts'

export type Variables = Readonly<Record<string, string | undefined>>
/** What the environment says, read once. Below the doors of the App nobody looks at it. */
export type Settings = {
  /** Where trees, diffs and reports lie and, without a database of its own, the database. Web and workers share it. */
  readonly data: string
  /** Undefined: the embedded database in `data`. */
  readonly databaseUrl: string | undefined
  /** PROCTOR_MASTER_KEY, with which credentials are locked. */
  readonly masterKey: string | undefined
  readonly logLevel: string
  readonly pace: Pace
  readonly variables: Variables
}
/** Seconds, unless it is said. How soon what died is noticed, and how often GitHub is asked for what it did not tell. */
type Pace = {
  /** PROCTOR_HEARTBEAT_SECONDS: a job whose holder was not heard of for so long is given to another. The same for web and workers. */
  readonly heartbeatSeconds: number
  /** PROCTOR_RECONCILE_SECONDS: how often, and after which time, somebody looks at what stands still. */
  readonly reconcileSeconds: number
  /** PROCTOR_POLL_SECONDS: how often missed deliveries and new tags are looked for. */
  readonly pollSeconds: number
  /** PROCTOR_BACKUP_HOURS: how old the newest backup of the embedded database may be. 0: none is made but before an upgrade. */
  readonly backupHours: number
}
/** What only the process that speaks to GitHub has. */
export type WebSettings = Settings &
  SetupSettings & {
    readonly appId: number
    /** PEM. */
    readonly privateKey: string
    readonly webhookSecret: string
  }
/** Where GitHub is, and where the server is. */
export type SetupSettings = {
  readonly apiUrl: string
  readonly serverUrl: string
  readonly host: string
  readonly port: number
  readonly webhookPath: string
}

/** A public default of Probot's, and what else people type into such a field. */
const known = new Set(['development', 'secret', 'webhook-secret', 'changeme', 'password'])
const fewest = 16

/** Throws `app_misconfigured`. */
export function readSettings(variables: Variables): Settings {
  const problems: ProctorError[] = []
  const pace = paceOf(variables, checkInto(problems))
  if (problems.length > 0) throw new Problems(problems)
  return settingsOf(variables, pace)
}

function settingsOf(variables: Variables, pace: Pace): Settings {
  return {
    data: dataFolder(variables),
    databaseUrl: variables.DATABASE_URL || undefined,
    masterKey: variables.PROCTOR_MASTER_KEY || undefined,
    logLevel: variables.LOG_LEVEL || 'info',
    pace,
    variables,
  }
}

export const dataFolder = ({ PROCTOR_DATA, HOME }: Variables): string =>
  resolve(PROCTOR_DATA || join(HOME || '.', '.local', 'share', 'proctor'))

/** What is known before there is an App. Throws `app_misconfigured`. */
export function setupSettings(variables: Variables): SetupSettings {
  const problems: ProctorError[] = []
  const place = placeOf(variables, checkInto(problems))
  if (!place) throw new Problems(problems)
  return place
}

/** By the names that Probot has for them. All that is missing, weak or broken is said in one go, as `app_misconfigured`. */
export function readWebSettings(variables: Variables): WebSettings {
  const problems: ProctorError[] = []
  const check = checkInto(problems)
  const pace = paceOf(variables, check)
  const appId = check('APP_ID', () => number(variables.APP_ID, { min: 1, max: Number.MAX_SAFE_INTEGER }))
  const privateKey = check('PRIVATE_KEY', () => pem(variables.PRIVATE_KEY))
  const webhookSecret = check('WEBHOOK_SECRET', () => strong(variables.WEBHOOK_SECRET))
  const place = placeOf(variables, check)
  if (problems.length > 0 || appId === undefined || !privateKey || !webhookSecret || !place) throw new Problems(problems)
  return {
    ...settingsOf(variables, pace),
    appId,
    privateKey,
    webhookSecret,
    ...place,
  }
}

function placeOf(variables: Variables, check: Check): SetupSettings | undefined {
  const urls = check(variables.GHE_HOST ? 'GHE_HOST' : 'GITHUB_API_URL', () => urlsOf(variables))
  const port = check('PORT', () => number(variables.PORT || '3000', { min: 0, max: 65_535 }))
  const webhookPath = check('WEBHOOK_PATH', () => path(variables.WEBHOOK_PATH || '/api/github/webhooks'))
  return urls && port !== undefined && webhookPath ? { ...urls, host: variables.HOST || '127.0.0.1', port, webhookPath } : undefined
}

type Check = <T>(name: string, read: () => T) => T | undefined

const checkInto =
  (problems: ProctorError[]): Check =>
  (name, read) => {
    try {
      return read()
    } catch (error) {
      problems.push(new ProctorError('app_misconfigured', `${name}: ${error instanceof Error ? error.message : String(error)}`))
      return undefined
    }
  }

function paceOf(variables: Variables, check: Check): Pace {
  const seconds = (name: string, usual: number, min: number) =>
    check(name, () => number(variables[name] || String(usual), { min, max: 86_400 })) ?? usual
  return {
    heartbeatSeconds: seconds('PROCTOR_HEARTBEAT_SECONDS', 30, 10),
    reconcileSeconds: seconds('PROCTOR_RECONCILE_SECONDS', 60, 1),
    pollSeconds: seconds('PROCTOR_POLL_SECONDS', 600, 1),
    backupHours: check('PROCTOR_BACKUP_HOURS', () => number(variables.PROCTOR_BACKUP_HOURS || '6', { min: 0, max: 168 })) ?? 6,
  }
}

function number(text: string | undefined, { min, max }: { readonly min: number; readonly max: number }): number {
  if (!text) throw new Error('missing; `proctor serve --setup` registers an App, and keeps all that belongs to it')
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new Error(`found "${text.slice(0, 40)}"; accepted: a number from ${min} to ${max}`)
  return value
}

/** A PEM as it is, with its line ends written as \n, or in base64. Nothing of it is ever repeated. */
function pem(text: string | undefined): string {
  if (!text) throw new Error('missing')
  const plain = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : Buffer.from(text, 'base64').toString()
  try {
    if (createPrivateKey(plain).asymmetricKeyType === 'rsa') return plain
  } catch {
    throw new Error('found something that is no private key; accepted: the PEM file that GitHub gave out, as it is or in base64')
  }
  throw new Error('found a key of another kind; accepted: the RSA key that GitHub gave out')
}

function strong(secret: string | undefined): string {
  if (!secret) throw new Error('missing; `openssl rand -hex 32` makes one')
  if (known.has(secret.toLowerCase()) || secret.length < fewest || new Set(secret).size < 6)
    throw new Error(`found one that can be guessed; accepted: at least ${fewest} random characters, such as \`openssl rand -hex 32\` makes`)
  return secret
}

/** GitHub.com, an Enterprise Server (`https://host/api/v3`), or a tenant of ghe.com (`https://api.tenant.ghe.com`). */
function urlsOf({ GITHUB_API_URL, GITHUB_SERVER_URL, GHE_HOST, GHE_PROTOCOL }: Variables): {
  readonly apiUrl: string
  readonly serverUrl: string
} {
  const written = GITHUB_API_URL || (GHE_HOST ? `${GHE_PROTOCOL || 'https'}://${GHE_HOST}/api/v3` : 'https://api.github.com')
  if (!URL.canParse(written)) throw new Error(`found "${written.slice(0, 100)}"; accepted: a URL`)
  const api = new URL(written)
  if (api.username !== '' || api.password !== '' || !['http:', 'https:'].includes(api.protocol))
    throw new Error('accepted: an https URL without a user')
  const server = GITHUB_SERVER_URL || `${api.protocol}//${api.host.replace(/^api\./, '')}`
  return { apiUrl: written.replace(/\/+$/, ''), serverUrl: server.replace(/\/+$/, '') }
}

function path(text: string): string {
  if (!/^\/[\w./-]*$/.test(text)) throw new Error(`found "${text.slice(0, 100)}"; accepted: a path`)
  return text
}
