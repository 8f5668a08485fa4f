import { basename, dirname } from 'node:path'
import { readCommand } from '../../agents/cli/command.ts'
import { knownClis, recognise } from '../../agents/cli/index.ts'
import { places } from '../../agents/places.ts'
import { EnvironmentFile } from '../../domain/agent.ts'
import type { BlobRef } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import type { Agent } from '../../domain/plan.ts'
import { packTree } from '../../lib/pack-tree.ts'
import type { Fetcher, Source } from '../../seams/fetcher.ts'
import type { Blobs } from '../../seams/records.ts'
import { entryFile } from '../agent-source.ts'
import { grantedHosts, grantedNetwork } from '../check-grants.ts'
import { quoteWords } from '../quote-words.ts'
import { inside } from '../read/inside.ts'
import type { Package } from '../read/read-package.ts'
import type { Draft } from '../samples.ts'
import { type Chosen, nameOf, type Pair } from '../select-evals.ts'
import { answers } from './answers.ts'
import { dockerfileWarnings, environmentOf } from './environment.ts'

type Fetching = { readonly fetcher: Fetcher; readonly blobs: Blobs; readonly found: Package; readonly signal: AbortSignal }
type BuiltInAgent = Extract<Chosen, { readonly builtIn: string }>
type WrittenAgent = Exclude<Chosen, BuiltInAgent>

/** An agent of the repository, with its code as bytes. Throws `agent_code_fetch_failed`. */
export async function freezeAgent(
  agent: WrittenAgent,
  source: Source,
  { fetcher, found, signal }: Fetching,
): Promise<{ readonly agent: Agent; readonly warnings: readonly string[] }> {
  const { value } = agent
  const whole = value.source === '.' && typeof source === 'object' && 'dir' in source
  const from: Source = whole ? { dir: { ...source.dir, except: found.head?.except.get(agent) ?? answers(agent, found) } } : source
  const { files, warnings } = await fetcher.fetch(from, 'agent', signal).catch((thrown) => {
    if (!(thrown instanceof ProctorError) || thrown.place) throw thrown
    throw new ProctorError(thrown.code, `the code of \`${value.name}\`: ${thrown.message}`, { place: agent.at(['source']), cause: thrown })
  })
  const hosts = grantedHosts(value, found.config?.value)
  const start: Agent['start'] =
    value.kind === 'ShellCommand'
      ? { kind: value.kind, command: value.run_command, ...(value.harness_config ? { harness: value.harness_config } : {}) }
      : { kind: value.kind, file: entryFile(agent), entrypoint: value.entrypoint }
  return {
    agent: {
      slug: value.name,
      source: files,
      environment: { ...environmentOf(value.environment, files), network: grantedNetwork(value, found.config?.value) },
      start,
      concurrencyCap: value.concurrency_cap,
      ...(value.models ? { models: value.models } : {}),
      ...(hosts.length > 0 ? { hosts } : {}),
      ...(typeof source === 'object' && 'git' in source && source.git.login ? { login: source.git.login } : {}),
      ...schemas(agent),
    },
    warnings: [
      ...[...warnings, ...dockerfileWarnings(value.environment)].map((text) => `${value.name}: ${text}`),
      ...unenforced(agent),
      ...unseen(agent),
    ],
  }
}

/** A built-in agent is made for one sample: its code is that exercise's solution, or nothing. */
export async function freezeBuiltIn(
  agent: BuiltInAgent,
  { draft, one }: { readonly draft: Draft; readonly one: Pair['eval'] },
  fetching: Fetching,
): Promise<Agent> {
  const { source, start } = agent.builtIn === 'oracle' ? await oracle(draft, one, fetching) : await noOp(draft, fetching)
  return {
    slug: nameOf(agent),
    source,
    environment: environmentOf(EnvironmentFile.parse({})),
    start,
    concurrencyCap: 1000,
    ...(agent.owner ? schemas(agent.owner) : {}),
  }
}

type Code = { readonly source: BlobRef; readonly start: Agent['start'] }

async function oracle({ setting }: Draft, one: Pair['eval'], { fetcher, found, signal }: Fetching): Promise<Code> {
  const fetch = async (source: Source) => (await fetcher.fetch(source, 'agent', signal)).files
  const solution = setting?.value.oracle
  if (setting === undefined || solution === undefined) {
    const path = existing(one.value.oracle?.python ?? '', { folder: dirname(one.path), fence: found.fence, place: one.at(['oracle']) })
    return {
      source: await fetch({ dir: { path: dirname(path), only: [basename(path)] } }),
      start: { kind: 'PythonFunction', file: basename(path), entrypoint: 'run' },
    }
  }
  if ('command' in solution) return { source: await fetch('empty'), start: { kind: 'ShellCommand', command: solution.command } }
  const path = existing(solution.patch, { folder: setting.folder, fence: found.fence, place: setting.at(['oracle', 'patch']) })
  const command = `git -C /home/user/workspace apply --whitespace=nowarn ${quoteWords([`${places.agent}/${basename(path)}`])}`
  return { source: await fetch({ dir: { path: dirname(path), only: [basename(path)] } }), start: { kind: 'ShellCommand', command } }
}

async function noOp({ setting }: Draft, { fetcher, blobs, signal }: Fetching): Promise<Code> {
  if (setting) return { source: (await fetcher.fetch('empty', 'agent', signal)).files, start: { kind: 'ShellCommand', command: 'true' } }
  const silent = 'def run(task_input, *, proxy_url, run_token):\n    return ""\n'
  return {
    source: await blobs.put(packTree([{ path: 'main.py', executable: false, content: Buffer.from(silent) }]), 'agent.tar'),
    start: { kind: 'PythonFunction', file: 'main.py', entrypoint: 'run' },
  }
}

function existing(
  file: string,
  { folder, fence, place }: { folder: string; fence: string; place: ReturnType<Pair['eval']['at']> },
): string {
  const located = inside(file, { folder, fence, is: 'file' })
  if ('refused' in located) throw new ProctorError('config_invalid', `\`oracle\`: ${located.refused}`, { place })
  return located.path
}

const schemas = ({ value }: WrittenAgent) => ({
  ...(value.input_schema === undefined ? {} : { inputSchema: value.input_schema }),
  ...(value.output_schema === undefined ? {} : { outputSchema: value.output_schema }),
})

/** Its steps will not be known: said once for an agent, not once for a run. */
function unseen({ value }: WrittenAgent): string[] {
  if (value.kind !== 'ShellCommand' || recognise(readCommand(value.run_command))) return []
  const [first = ''] = value.run_command.trim().split(/\s/)
  return [
    `${value.name}: \`${first}\` is no coding CLI that proctor knows (${knownClis().join(', ')}): its trajectory is one shell step and the files that changed`,
  ]
}

/** Parts of the format that say what must hold, and that this release does not hold anybody to. Silence would be a promise. */
function unenforced({ value }: WrittenAgent): string[] {
  const named = (['input_schema'] as const).filter((part) => value[part] !== undefined)
  return named.map((part) => `${value.name}: \`${part}\` is not enforced in this release`)
}
