import { type Accounts, type Emulator, tokenOf } from './emulator.ts'
import type { Roles } from './permissions.ts'
import type { Known } from './world.ts'

type Role = NonNullable<ReturnType<Roles['roleOf']>>
type Options = { readonly known: ReadonlyMap<string, Known>; readonly orgs: Accounts['orgs']; readonly emulator: Emulator }

/** Who may do what where: by ownership, by membership, by invitation; whoever has none of these reads what is public. */
export function openPeople({ known, orgs, emulator }: Options): Roles & { allow(login: string, repo: string, role: Role): Promise<void> } {
  const invited = new Map<string, Role>()
  const key = (login: string, repo: string) => `${login}@${repo}`.toLowerCase()
  const placeOf = (repo: string) => known.get(repo.toLowerCase())

  return {
    isPrivate: (repo) => placeOf(repo)?.isPrivate ?? false,
    roleOf(login, repo) {
      const owner = repo.split('/')[0] ?? ''
      if (owner.toLowerCase() === login.toLowerCase() || orgs[owner]?.[login] === 'admin') return 'admin'
      const role = invited.get(key(login, repo))
      if (role) return role
      return orgs[owner]?.[login] || !placeOf(repo)?.isPrivate ? 'read' : undefined
    },
    async allow(login, repo, role) {
      invited.set(key(login, repo), role)
      const permission = { read: 'pull', write: 'push', triage: 'triage', maintain: 'maintain', admin: 'admin' }[role]
      const path = `/repos/${repo}/collaborators/${login}`
      await emulator.call({ method: 'PUT', path, token: placeOf(repo)?.token ?? tokenOf('octocat'), json: { permission } })
    },
  }
}
