import type { Answer, Artifacts } from './artifacts.ts'
import type { Emulator } from './emulator.ts'
import type { Repository } from './git-http.ts'
import type { openMirror } from './mirror.ts'
import type { Matched, Sent } from './openapi/guard.ts'
import type { Roles } from './permissions.ts'
import type { Pulls } from './pulls.ts'
import type { Hooks } from './webhooks/hooks.ts'
import type { Happening } from './webhooks/payload.ts'
import type { App, Directory, Who } from './who.ts'

export type Json = Readonly<Record<string, unknown>>

/** A repository that the hub knows: real git, and the emulator's copy of it. */
export type Known = {
  readonly name: string
  readonly git: Repository
  readonly isPrivate: boolean
  readonly mirror: ReturnType<typeof openMirror>
  /** The name of what it was forked from. */
  readonly parent: string | undefined
  /** Of somebody who may do everything there. */
  readonly token: string
}
/** One request on its way through the hub. */
export type Ask = Matched &
  Sent & {
    readonly who: Who
    readonly token: string | undefined
    /** The body, when it is JSON. */
    readonly json: Readonly<Record<string, unknown>>
    readonly known: Known | undefined
    readonly accept: string
  }
export type World = {
  readonly apiUrl: string
  readonly serverUrl: string
  readonly uploadUrl: string
  readonly emulator: Emulator
  readonly directory: Directory
  readonly artifacts: Artifacts | undefined
  readonly apps: readonly { readonly app: App; readonly installations: readonly { readonly id: number; readonly owner: string }[] }[]
  readonly known: ReadonlyMap<string, Known>
  /** By organisation: somebody who may do everything there. */
  readonly orgs: ReadonlyMap<string, string>
  readonly roles: Roles
  readonly pulls: Pulls
  readonly hooks: Hooks
  /** Installations that are not there any more. */
  readonly absent: Set<number>
  /** Whether anybody wants to know what happens. */
  isWatched(): boolean
  /** Tells the app what happened. Does not wait. */
  tell(happening: Happening): void
  /** What the API shows of a path to somebody who may see all of it. Throws when there is nothing. */
  look(path: string): Promise<Json>
  /** Puts bytes where clients are sent to fetch them; gives the address. A signed one takes no token beside it. */
  offer(path: string, offered: { readonly bytes: Buffer; readonly isSigned: boolean }): string
  /** The emulator's answer to a request, with one identity for every person and repository. */
  forward(ask: Ask, change?: { readonly json?: unknown; readonly path?: string; readonly token?: string }): Promise<Answer>
}
/** Answers in the emulator's place, or mends what it answers; undefined = the emulator's own answer will do. */
export type Shim = (ask: Ask, world: World) => Answer | undefined | Promise<Answer | undefined>
export type Shims = Readonly<Record<string, Shim>>

export const notFound = (message = 'Not Found'): Answer => ({
  status: 404,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: '404' },
})
export const invalid = (message: string, errors: readonly unknown[] = []): Answer => ({
  status: 422,
  body: { message, errors, documentation_url: 'https://docs.github.com/rest', status: '422' },
})

/** One page of a list, and the Link header that leads to the others. */
export function paged<T>(all: readonly T[], { query, path }: Pick<Ask, 'query' | 'path'>, apiUrl: string) {
  const size = Math.min(100, Math.max(1, Number(query.get('per_page') ?? 30)))
  const page = Math.max(1, Number(query.get('page') ?? 1))
  const last = Math.max(1, Math.ceil(all.length / size))
  const link = (to: number, rel: string) => {
    const asked = new URLSearchParams(query)
    asked.set('page', String(to))
    return `<${apiUrl}${path}?${asked}>; rel="${rel}"`
  }
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
  ]
  return { items: all.slice((page - 1) * size, page * size), headers: links.length > 0 ? { link: links.join(', ') } : {} }
}
