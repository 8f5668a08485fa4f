import { createPublicKey, createSign, createVerify, generateKeyPairSync } from 'node:crypto'

export type Level = 'read' | 'write'
export type Permissions = Readonly<Record<string, string>>
/** A GitHub App, with its private key. */
export type App = { readonly id: number; readonly slug: string; readonly key: string; readonly permissions: Permissions }
/** Who stands behind a request. `repos` = full names; undefined = all of the owner's. */
export type Who =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'user'; readonly login: string }
  | { readonly kind: 'app'; readonly app: App }
  | {
      readonly kind: 'installation'
      readonly app: App
      readonly login: string
      readonly owner: string
      readonly installation: number
      readonly permissions: Permissions
      readonly repos: ReadonlySet<string> | undefined
    }
export type Installed = Extract<Who, { kind: 'installation' }>

let made: string | undefined
/** Making one takes a while: one for all apps of a process. */
export function privateKey(): string {
  made ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey
  return made
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** What an app shows to act as itself, good for ten minutes at most. */
export function jwtOf({ id, key }: Pick<App, 'id' | 'key'>, now = Date.now()): string {
  const seconds = Math.floor(now / 1000)
  const claims = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: seconds - 30, exp: seconds + 540, iss: id })}`
  return `${claims}.${createSign('RSA-SHA256').update(claims).sign(key, 'base64url')}`
}

/** Whom GitHub would take a token for. Tokens are known because they were made here; nothing else is let in. */
export function openDirectory(apps: readonly App[]) {
  const known = new Map<string, { readonly who: Who; readonly until: number }>()

  function appOf(token: string): Who {
    const [header = '', claims = '', signature = ''] = token.split('.')
    const { iss, iat, exp } = claimsOf(claims)
    const app = apps.find(({ id }) => String(id) === String(iss))
    const now = Date.now() / 1000
    const isGood =
      app !== undefined &&
      createVerify('RSA-SHA256').update(`${header}.${claims}`).verify(createPublicKey(app.key), signature, 'base64url') &&
      Number(exp) > now &&
      Number(exp) <= now + 660 &&
      Number(iat) <= now + 60
    return isGood ? { kind: 'app', app } : { kind: 'stale' }
  }

  return {
    add: (token: string, who: Who, until = Number.POSITIVE_INFINITY) => void known.set(token, { who, until }),
    revoke: (token: string) => known.delete(token),
    drop(isMeant: (who: Who) => boolean): void {
      for (const [token, { who }] of known) if (isMeant(who)) known.delete(token)
    },
    /** No answer of an installation's token is good any more, as after an hour. */
    expire(): void {
      for (const [token, { who }] of known) if (who.kind === 'installation') known.set(token, { who, until: 0 })
    },
    of(authorization: string | undefined): { readonly token: string | undefined; readonly who: Who } {
      const token = /^(?:bearer|token) (.+)$/i.exec(authorization ?? '')?.[1]
      if (token === undefined) return { token, who: { kind: 'nobody' } }
      if (token.startsWith('eyJ')) return { token, who: appOf(token) }
      const entry = known.get(token)
      return { token, who: entry && entry.until > Date.now() ? entry.who : { kind: 'stale' } }
    },
  }
}
export type Directory = ReturnType<typeof openDirectory>

function claimsOf(text: string): { readonly iss?: unknown; readonly iat?: unknown; readonly exp?: unknown } {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return {}
  }
}
