import type { Permissions } from './github-app.ts'

const ranks = ['read', 'write', 'admin']
const enough = (given: string | undefined, level: string) => ranks.indexOf(given ?? '') >= ranks.indexOf(level)

/** What of the permissions an installation gives, each at the level that it gives at most. GitHub gives no token for more than that. */
export function narrowed(wanted: Permissions, given: Readonly<Record<string, string>>): Permissions {
  const all = Object.entries(wanted).flatMap(([name, level]) =>
    enough(given[name], level) ? [[name, level] as const] : enough(given[name], 'read') ? [[name, 'read'] as const] : [],
  )
  return Object.fromEntries(all)
}

/** What it does not give, as app.yml writes it. */
export const missing = (wanted: Permissions, given: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(wanted).flatMap(([name, level]) => (enough(given[name], level) ? [] : [`${name}: ${level}`]))

/** The token is not taken: it was revoked, or its hour is over. */
export const isSpent = (error: unknown): boolean => error instanceof Error && 'status' in error && error.status === 401
