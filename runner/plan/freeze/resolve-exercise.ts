import { ProctorError } from '../../domain/error.ts'
import type { Exercise } from '../../domain/plan.ts'
import type { ScorerSpec } from '../../domain/scorer.ts'
import type { Fetcher, Source } from '../../seams/fetcher.ts'
import type { ScorerUse } from '../check-scorers.ts'
import { inside } from '../read/inside.ts'
import type { Setting } from '../samples.ts'
import { dockerfileWarnings, environmentOf } from './environment.ts'

type Bounds = { readonly fence: string }
type Fetching = Bounds & { readonly fetcher: Fetcher; readonly signal: AbortSignal }

/** A scenario with its workspace as bytes: what a run and its grading need of it, now and in a year. */
export async function resolveExercise(setting: Setting, { fetcher, signal, fence }: Fetching): Promise<Exercise> {
  const { value } = setting
  const source = workspaceSource(setting, { fence })
  const { files, pinned, warnings } = await fetcher.fetch(source, 'workspace', signal).catch((thrown) => {
    throw placed(thrown, setting)
  })
  return {
    name: setting.name,
    workspace: files,
    pinned,
    ...(typeof source === 'object' && 'git' in source && source.git.login ? { login: source.git.login } : {}),
    environment: environmentOf(value.environment),
    setup: !value.setup
      ? { mode: 'none', text: '' }
      : value.setup.mode === 'platform'
        ? { mode: 'platform', text: value.setup.command }
        : { mode: 'agent', text: value.setup.instructions },
    editable: value.editable ?? [],
    protected: value.protected,
    hooks: value.hooks,
    grading: value.grading,
    warnings: [...warnings, ...dockerfileWarnings(value.environment)],
  }
}

/** Frozen: the options as written, and the files that grading lays over the workspace. */
export async function freezeScorer({ value, folder }: ScorerUse, { fetcher, signal, fence }: Fetching): Promise<ScorerSpec> {
  const { name, type, required, ...rest } = value
  if (!('files' in rest) || rest.files === undefined) return { name, type, required, options: plain(rest) }
  const { files: written, ...options } = rest
  const located = inside(written, { folder, fence, is: 'folder' })
  if ('refused' in located) throw new ProctorError('config_invalid', `\`files\`: ${located.refused}`)
  const { files } = await fetcher.fetch({ dir: { path: located.path } }, 'workspace', signal)
  return { name, type, required, options: plain(options), files }
}

/** Without keys that are undefined: a plan is JSON. */
const plain = (options: object): ScorerSpec['options'] => JSON.parse(JSON.stringify(options))

/** Throws `config_invalid` with the line, when the workspace is a path that is not there or leads outside. */
export function workspaceSource({ value: { workspace }, folder, at }: Setting, { fence }: Bounds): Source {
  if (workspace === 'empty') return 'empty'
  if ('git' in workspace) {
    const { url, ref, subdirectory, credential } = workspace.git
    if (!/^(https|file):\/\//.test(url) || /^https:\/\/[^/]*@/.test(url))
      throw new ProctorError(
        'config_invalid',
        '`workspace.git.url`: found no https or file URL, or one with a user name; accepted: https://..., or file://... on this machine',
        { place: at(['workspace', 'git', 'url']) },
      )
    return { git: { url, ...optional({ ref, subdirectory }), ...(credential === undefined ? {} : { login: { credential } }) } }
  }
  if ('package' in workspace) {
    const { registry, name, version, sha256, subdirectory } = workspace.package
    return { package: { registry, name, version, sha256, ...optional({ subdirectory }) } }
  }
  const kind = 'zip' in workspace ? 'zip' : 'dir'
  const written = 'dir' in workspace ? workspace.dir : typeof workspace.zip === 'string' ? workspace.zip : workspace.zip.path
  const located = inside(written, { folder, fence, is: kind === 'zip' ? 'file' : 'folder' })
  if ('refused' in located)
    throw new ProctorError('config_invalid', `\`workspace.${kind}\`: ${located.refused}`, { place: at(['workspace', kind]) })
  if (kind === 'dir') return { dir: { path: located.path } }
  return {
    zip: {
      path: located.path,
      ...optional({ subdirectory: 'zip' in workspace && typeof workspace.zip === 'object' ? workspace.zip.subdirectory : undefined }),
    },
  }
}

/** The scenario's file is where to look, whatever the fetcher could not read. */
function placed(thrown: unknown, setting: Setting): unknown {
  if (!(thrown instanceof ProctorError) || thrown.place !== undefined) return thrown
  return new ProctorError(thrown.code, `the workspace of \`${setting.name}\`: ${thrown.message}`, {
    place: setting.at(['workspace']),
    cause: thrown,
  })
}

function optional<T extends Record<string, string | undefined>>(fields: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: string } // what is left has the same keys, and none is undefined
}
