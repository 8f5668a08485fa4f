import type { Answer } from './artifacts.ts'
import type { Level, Who } from './who.ts'

export type Roles = {
  /** What a person may do with a repository; undefined = it is not there for them. */
  roleOf(login: string, repo: string): 'admin' | 'maintain' | 'write' | 'triage' | 'read' | undefined
  isPrivate(repo: string): boolean
}
type Asked = { readonly method: string; readonly path: string; readonly repo: string | undefined }

/** What a token needs to be allowed, any one of these; the first line that fits a path below the repository counts. */
const needs: readonly (readonly [path: RegExp, permissions: readonly string[]])[] = [
  [/^check-(runs|suites)|^commits\/.+\/check-(runs|suites)$/, ['checks']],
  [/^(statuses\/|commits\/.+\/status(es)?$)/, ['statuses']],
  [/^issues\/(comments|\d+\/(comments|labels|reactions))|^labels/, ['issues', 'pull_requests']],
  [/^issues/, ['issues']],
  [/^pulls|^commits\/[^/]+\/pulls$/, ['pull_requests']],
  [/^actions/, ['actions']],
  [/^(contents|git|releases|tarball|zipball|compare|commits|comments|branches|readme|tags|merges)/, ['contents']],
  [/^dispatches/, ['contents']],
  [/^(hooks)/, ['repository_hooks']],
]
const hidden: Answer = { status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' } }
const denied = (message: string): Answer => ({
  status: 403,
  body: { message, documentation_url: 'https://docs.github.com/rest', status: '403' },
})
const ranks = ['read', 'triage', 'write', 'maintain', 'admin']

/** GitHub's refusal, or undefined. */
export function refusal(who: Who, { method, path, repo }: Asked, roles: Roles): Answer | undefined {
  if (who.kind === 'stale')
    return { status: 401, body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' } }
  if (repo === undefined) return undefined
  const below = path.split('/').slice(4).join('/')
  const wanted = needs.find(([pattern]) => pattern.test(below))?.[1] ?? ['metadata']
  const level: Level = method === 'GET' || method === 'HEAD' ? 'read' : 'write'
  const isOpen = !roles.isPrivate(repo)
  switch (who.kind) {
    case 'nobody':
      if (isOpen && level === 'read') return undefined
      return isOpen ? { status: 401, body: { message: 'Requires authentication', status: '401' } } : hidden
    case 'app':
      return below === 'installation' ? undefined : hidden
    case 'installation': {
      const isOurs = who.repos ? who.repos.has(repo.toLowerCase()) : repo.toLowerCase().startsWith(`${who.owner.toLowerCase()}/`)
      if (!isOurs && !isOpen) return hidden
      if (isOpen && level === 'read') return undefined
      const has = isOurs && wanted.some((name) => name === 'metadata' || grants(who.permissions[name], level))
      return has ? undefined : denied('Resource not accessible by integration')
    }
    case 'user': {
      const role = roles.roleOf(who.login, repo)
      if (role === undefined) return hidden
      if (level === 'write' && wanted.includes('checks')) return denied('You must authenticate via a GitHub App.')
      const mayTalk = ['issues', 'pull_requests'].some((name) => wanted.includes(name)) && !/labels/.test(below)
      if (level === 'read' || mayTalk || below === 'forks') return undefined
      return ranks.indexOf(role) >= ranks.indexOf('write') ? undefined : denied('Must have push access to repository.')
    }
  }
}

const grants = (given: string | undefined, level: Level): boolean => given === 'write' || given === level
