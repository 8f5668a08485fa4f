import { createEmulator } from 'emulate'
import { Agent, fetch } from 'undici'
import type { Answer } from './artifacts.ts'
import { parsed } from './openapi/guard.ts'
import type { App } from './who.ts'

export type Accounts = {
  readonly users: readonly string[]
  /** Members by organisation. */
  readonly orgs: Readonly<Record<string, Readonly<Record<string, 'admin' | 'member'>>>>
}
type Installation = { readonly id: number; readonly owner: string }
type Options = {
  readonly accounts: Accounts
  readonly apps: readonly { readonly app: App; readonly installations: readonly Installation[] }[]
  readonly apiUrl: string
  readonly serverUrl: string
}
export type Emulator = Awaited<ReturnType<typeof openEmulator>>
type Call = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly token?: string | undefined
  readonly json?: unknown
  readonly body?: Buffer | undefined
  readonly type?: string | undefined
}
export const tokenOf = (login: string): string => `ghp_${login.replaceAll(/\W/g, '')}0000000000000000000000000000`

/** One connection a request: a test that kept this process busy would else meet one that its server has just given up. */
const dispatcher = new Agent({ pipelining: 0 })

/** vercel's emulator of GitHub, with all addresses in its answers as of the hub. It takes tokens it does not know for its first user's. */
export async function openEmulator({ accounts, apps, apiUrl, serverUrl }: Options) {
  const seed = {
    tokens: Object.fromEntries(accounts.users.map((login) => [tokenOf(login), { login, scopes: ['repo', 'user'] }])),
    github: {
      users: accounts.users.map((login) => ({ login, email: `${login}@example.com` })),
      orgs: Object.entries(accounts.orgs).map(([login, members]) => ({
        login,
        members: Object.entries(members).map(([member, role]) => ({ login: member, role })),
      })),
      apps: apps.map(({ app, installations }) => ({
        app_id: app.id,
        slug: app.slug,
        name: app.slug,
        private_key: app.key,
        permissions: app.permissions,
        installations: installations.map(({ id, owner }) => ({ installation_id: id, account: owner, permissions: app.permissions })),
      })),
    },
  }
  // With an address of our choice it would not say its port.
  const emulator = await createEmulator({ service: 'github', port: 0, seed })
  const local = `http://127.0.0.1:${new URL(emulator.url).port}`
  const own = new RegExp(`${emulator.url}/(repos|users|orgs|app|installation|repositories|teams)/`, 'g')

  /** Its own addresses become the API's or, for people, the site's. */
  const ours = (text: string) =>
    text.replaceAll(own, `${apiUrl}/$1/`).replaceAll(emulator.url, serverUrl).replaceAll(`${local}/`, `${apiUrl}/`)

  return {
    async call({ method, path, token, json, body, type }: Call): Promise<Answer & { readonly headers: Readonly<Record<string, string>> }> {
      const payload = json === undefined ? body : Buffer.from(JSON.stringify(json))
      const kind = json === undefined ? type : 'application/json'
      const response = await fetch(`${local}${path}`, {
        method,
        redirect: 'manual',
        dispatcher,
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(kind !== undefined && { 'content-type': kind }) },
        ...(payload && payload.length > 0 && { body: new Uint8Array(payload) }),
      })
      const text = Buffer.from(await response.arrayBuffer())
      const isJson = response.headers.get('content-type')?.startsWith('application/json')
      const link = response.headers.get('link')
      return {
        status: response.status,
        headers: link === null ? {} : { link: ours(link) },
        body: text.length === 0 ? undefined : isJson ? parsed(Buffer.from(ours(text.toString()))) : text,
      }
    },
    [Symbol.asyncDispose]: () => emulator.close(),
  }
}
