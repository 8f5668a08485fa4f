import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AgentFile } from '../domain/agent.ts'
import { ProctorError } from '../domain/error.ts'
import type { Login } from '../domain/plan.ts'
import { httpsUrl, repositoryOf } from '../lib/https-url.ts'
import type { Source } from '../seams/fetcher.ts'
import { inside, realPath } from './read/inside.ts'
import type { Written } from './read/read-package.ts'

/** Of code that is listed file by file, in bytes. Larger agents come as a folder, an archive or a repository. */
const most = { file: 200_000, together: 1_000_000 } as const

/** Where the agent's code comes from, checked as far as that goes without fetching it. Problems are `agent_code_fetch_failed`, or `config_invalid` for two logins, each with its line. */
export function agentSource(agent: Written<AgentFile>, { fence }: { readonly fence: string }): Source | readonly ProctorError[] {
  const { source } = agent.value
  const home = homeOf(agent)
  if (source === '.') {
    const missing = missingEntry(agent, (file) => 'path' in inside(file, { folder: home, fence: home, is: 'file' }))
    return missing.length > 0 ? missing : { dir: { path: home } }
  }
  if ('file' in source) return listed(agent, [source.file], () => ['source', 'file'])
  if ('files' in source) return listed(agent, source.files, (index) => ['source', 'files', index])
  if ('zip' in source) {
    const zip = inside(source.zip, { folder: home, fence, is: 'file' })
    return 'refused' in zip ? [failed(agent, ['source', 'zip'], zip.refused)] : { zip: { path: zip.path } }
  }
  const { ref, subdirectory, credential, stored_token } = source.git
  const url = httpsUrl(source.git.url)
  if ('refused' in url) return [failed(agent, ['source', 'git', 'url'], `${url.refused}; accepted: an https URL without a user`)]
  if (credential !== undefined && stored_token)
    return [
      new ProctorError('config_invalid', '`source.git.stored_token`: found beside `credential`; accepted: exactly one of them', {
        place: agent.at(['source', 'git', 'stored_token']),
      }),
    ]
  const login: Login | undefined = stored_token ? { storedFor: repositoryOf(url) } : credential === undefined ? undefined : { credential }
  return {
    git: {
      url: url.href,
      ...(ref === undefined ? {} : { ref }),
      ...(subdirectory === undefined ? {} : { subdirectory }),
      ...(login === undefined ? {} : { login }),
    },
  }
}

/** The agent's own folder, links resolved. */
export const homeOf = (agent: Written<AgentFile>): string => realPath(dirname(agent.path)) ?? dirname(agent.path)

/** The file that the agent starts with; of a single file, that one unless another is named. Empty for a ShellCommand. */
export function entryFile({ value, written }: Written<AgentFile>): string {
  if (value.kind !== 'PythonFunction') return ''
  const named = typeof written === 'object' && written !== null && 'entrypoint_file' in written
  return !named && typeof value.source === 'object' && 'file' in value.source ? value.source.file : value.entrypoint_file
}

function listed(agent: Written<AgentFile>, files: readonly string[], at: (index: number) => Place): Source | readonly ProctorError[] {
  const home = homeOf(agent)
  const checked = files.map((file, index) => ({ at: at(index), ...checkListed(file, { home, again: files.indexOf(file) < index }) }))
  const together = checked.reduce((sum, { bytes = 0 }) => sum + bytes, 0)
  const problems = [
    ...checked.flatMap(({ at, refused }) => (refused === undefined ? [] : [failed(agent, at, refused)])),
    ...(together > most.together
      ? [failed(agent, ['source', 'files'], `found ${together} bytes together; accepted: at most ${most.together}`)]
      : []),
    ...missingEntry(agent, (file) => files.includes(file)),
  ]
  return problems.length > 0 ? problems : { dir: { path: home, only: files } }
}

function checkListed(
  file: string,
  { home, again }: { home: string; again: boolean },
): { readonly bytes?: number; readonly refused?: string } {
  const name = nameProblem(file) ?? (again ? `found ${JSON.stringify(file)} a second time` : undefined)
  if (name !== undefined) return { refused: name }
  const one = inside(file, { folder: home, fence: home, is: 'file' })
  if ('refused' in one) return one
  const bytes = statSync(one.path).size
  return bytes > most.file
    ? { bytes, refused: `found ${bytes} bytes in ${JSON.stringify(file)}; accepted: at most ${most.file}` }
    : { bytes }
}

function nameProblem(file: string): string | undefined {
  const parts = file.split('/')
  if (file.includes('\\') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    return `found ${JSON.stringify(file)}; accepted: a plain relative path with slashes`
  }
  if (!parts.slice(0, -1).some((part) => part.startsWith('.'))) return undefined
  return `found ${JSON.stringify(file)}, in a folder that begins with a dot; accepted: another folder`
}

function missingEntry(agent: Written<AgentFile>, isThere: (file: string) => boolean): ProctorError[] {
  const file = entryFile(agent)
  if (file === '' || isThere(file)) return []
  return [failed(agent, ['entrypoint_file'], `found ${JSON.stringify(file)}, which is not in the source; accepted: a file of it`)]
}

type Place = readonly (string | number)[]
const failed = (agent: Written<AgentFile>, path: Place, message: string) =>
  new ProctorError('agent_code_fetch_failed', `\`${path.join('.')}\`: ${message}`, { place: agent.at(path) })
