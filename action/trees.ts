import { createHash } from 'node:crypto'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type OwnTree, takeTrees } from '../runner/adapters/preset.ts'
import { ProctorError } from '../runner/domain/error.ts'
import type { Inputs } from './inputs.ts'
import type { Job } from './job.ts'

export type Trees = { readonly head: OwnTree; readonly base?: OwnTree }

/** The trees of the commit that is examined and, on a pull request, of the commit that it branched off from. */
export async function takeRepository({ door, github, inputs, settings, occasion, signal, log }: Job): Promise<Trees> {
  const { repo, serverUrl, temporary, variables } = settings
  const head = occasion.tag === undefined ? occasion.head : `refs/tags/${occasion.tag}`
  const base = occasion.base && (await door.mergeBase(github, repo, occasion.base.sha, occasion.head))
  log.say(`fetching ${occasion.head.slice(0, 12)}${base === undefined ? '' : ` and the merge base ${base.slice(0, 12)}`}`)
  const trees = await takeTrees(
    {
      url: `${serverUrl}/${repo}.git`,
      token: inputs.token,
      variables,
      refs: { head, ...(base === undefined ? {} : { base }) },
      into: join(temporary, 'trees'),
    },
    signal,
  )
  const found = { head: trees.get('head'), base: trees.get('base') }
  if (!found.head) throw new ProctorError('internal_error', 'the tree of head was not taken')
  return { head: found.head, ...(found.base && { base: found.base }) }
}

/** Inputs that decide what is run and how it is judged. */
const deciding = [
  ...(['path', 'evals', 'agent', 'epochs', 'judge-model', 'min-pass-rate', 'no-regressions', 'max-cost-usd', 'min-trust'] as const),
  ...(['fail-on', 'check-name', 'baseline', 'budget-usd', 'replay'] as const),
]

/**
 * A pull request may change the workflow that examines it, and with it these inputs. Then they count for nothing, and what the base's
 * configuration says holds alone.
 */
export async function trustedInputs(
  { inputs, settings, notes }: Pick<Job, 'inputs' | 'settings' | 'notes'>,
  { head, base }: Trees,
  defaults: Inputs,
): Promise<Inputs> {
  const { workflowFile } = settings
  if (!base) return inputs
  const changed = workflowFile === undefined || (await workflowsOf(head.root)) !== (await workflowsOf(base.root))
  if (!changed) return inputs
  const differing = deciding.filter((name) => JSON.stringify(inputs[name]) !== JSON.stringify(defaults[name]))
  if (differing.length > 0)
    notes.push(`The workflow is not the base's, so what it says about ${differing.join(', ')} does not hold for this pull request.`)
  return { ...inputs, ...Object.fromEntries(deciding.map((name) => [name, defaults[name]])) }
}

/** All that a workflow can be made of: it may call others, and actions that lie beside it. Links are told by where they lead. */
async function workflowsOf(root: string): Promise<string> {
  const folders = ['.github/workflows', '.github/actions'].map((folder) => join(root, folder))
  const entries = await Promise.all(folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])))
  const files = entries.flat().filter((entry) => !entry.isDirectory())
  const told = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    return [path.slice(root.length), entry.isSymbolicLink() ? await readlink(path) : await digestOf(path)]
  })
  return JSON.stringify((await Promise.all(told)).sort())
}

const digestOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
