import { realpath, stat } from 'node:fs/promises'
import { dirname, relative, sep } from 'node:path'
import type { AgentFile } from '../domain/agent.ts'
import { ProctorError } from '../domain/error.ts'
import type { Source } from '../seams/fetcher.ts'
import { within } from './read/find-files.ts'
import { inside } from './read/inside.ts'
import type { Package, Written } from './read/read-package.ts'

/** Of code that is listed file by file, in bytes. Larger agents come as a folder, an archive or a repository. */
const most = { file: 200_000, together: 1_000_000 } as const

/** Where the agent's code comes from, checked as far as that goes without fetching it. Problems are `agent_code_fetch_failed`, each with its line. */
export async function agentSource(agent: Written<AgentFile>, found: Package): Promise<Source | readonly ProctorError[]> {
  const { source } = agent.value
  const home = await realpath(dirname(agent.path))
  if (source === '.') {
    const missing = await missingEntry(agent, async (file) => 'path' in (await inside(file, { folder: home, fence: home, is: 'file' })))
    return missing.length > 0 ? missing : { dir: { path: home, except: await answers(agent, found) } }
  }
  if ('file' in source) return listed(agent, [source.file], ['source', 'file'])
  if ('files' in source) return listed(agent, source.files, ['source', 'files'])
  if ('zip' in source) {
    const zip = await inside(source.zip, { folder: home, fence: found.fence, is: 'file' })
    return 'refused' in zip ? [failed(agent, ['source', 'zip'], zip.refused)] : { zip: { path: zip.path } }
  }
  const { url, ref, subdirectory } = source.git
  const why = /^https:\/\//.test(url)
    ? /^https:\/\/[^/]*@/.test(url)
      ? 'found a user name or password in it; accepted: a URL without'
      : undefined
    : 'accepted: an https URL'
  if (why) return [failed(agent, ['source', 'git', 'url'], why)]
  return { git: { url, ...(ref === undefined ? {} : { ref }), ...(subdirectory === undefined ? {} : { subdirectory }) } }
}

/** The file that the agent starts with; of a single file, that one unless another is named. */
export function entryFile({ value }: Written<AgentFile>): string {
  if (value.kind !== 'PythonFunction') return ''
  if (typeof value.source === 'object' && 'file' in value.source && value.entrypoint_file === 'main.py') return value.source.file
  return value.entrypoint_file
}

async function listed(
  agent: Written<AgentFile>,
  files: readonly string[],
  path: readonly string[],
): Promise<Source | readonly ProctorError[]> {
  const home = await realpath(dirname(agent.path))
  const problems: ProctorError[] = []
  let together = 0
  for (const [index, file] of files.entries()) {
    const at = files.length > 1 || path[1] === 'files' ? [...path, index] : path
    const refused = nameProblem(file) ?? (files.indexOf(file) < index ? `found ${JSON.stringify(file)} a second time` : undefined)
    const one = refused === undefined ? await inside(file, { folder: home, fence: home, is: 'file' }) : { refused }
    const bytes = 'path' in one ? (await stat(one.path)).size : 0
    together += bytes
    if ('refused' in one) problems.push(failed(agent, at, one.refused))
    else if (bytes > most.file)
      problems.push(failed(agent, at, `found ${bytes} bytes in ${JSON.stringify(file)}; accepted: at most ${most.file}`))
  }
  if (together > most.together) problems.push(failed(agent, path, `found ${together} bytes together; accepted: at most ${most.together}`))
  problems.push(...(await missingEntry(agent, async (file) => files.includes(file))))
  return problems.length > 0 ? problems : { dir: { path: home, only: files } }
}

function nameProblem(file: string): string | undefined {
  const parts = file.split('/')
  if (file.startsWith('/') || file.includes('\\') || parts.includes('..') || parts.includes('.') || parts.includes(''))
    return `found ${JSON.stringify(file)}; accepted: a plain relative path with slashes`
  return parts.slice(0, -1).some((part) => part.startsWith('.'))
    ? `found ${JSON.stringify(file)}, in a folder that begins with a dot; accepted: another folder`
    : undefined
}

async function missingEntry(agent: Written<AgentFile>, isThere: (file: string) => Promise<boolean>): Promise<ProctorError[]> {
  const file = entryFile(agent)
  if (file === '' || (await isThere(file))) return []
  return [failed(agent, ['entrypoint_file'], `found ${JSON.stringify(file)}, which is not in the source; accepted: a file of it`)]
}

/** What of an agent's own folder is not its code: evals with their expected results, and whatever else they name. */
async function answers(agent: Written<AgentFile>, { evals, root, fence }: Package): Promise<string[]> {
  const home = await realpath(dirname(agent.path))
  const named = evals.flatMap(({ path, value }) => {
    const scenario = typeof value.scenario === 'object' ? value.scenario : undefined
    const files = [...value.scorers, ...(scenario?.scorers ?? [])].flatMap((scorer) =>
      'files' in scorer && scorer.files !== undefined ? [scorer.files] : [],
    )
    const oracle = [value.oracle?.python, scenario?.oracle && 'patch' in scenario.oracle ? scenario.oracle.patch : undefined]
    const rubric = typeof value.judge === 'object' ? value.judge.rubric : undefined
    return [value.dataset, rubric, ...oracle, ...files].flatMap((file) =>
      file === undefined || file.includes('\n') ? [] : [{ file, folder: dirname(path) }],
    )
  })
  const located = await Promise.all(
    named.flatMap(({ file, folder }) => [inside(file, { folder, fence, is: 'file' }), inside(file, { folder, fence, is: 'folder' })]),
  )
  const own = located.flatMap((one) =>
    'path' in one && within(home, one.path) && one.path !== home ? [relative(home, one.path).replaceAll(sep, '/')] : [],
  )
  const layout = home === root ? ['agents', 'scenarios', '.github', '.proctor'] : []
  return [...new Set(['evals', ...layout, ...own])].sort()
}

const failed = (agent: Written<AgentFile>, path: readonly (string | number)[], message: string) =>
  new ProctorError('agent_code_fetch_failed', `\`${path.join('.')}\`: ${message}`, { place: agent.at(path) })
