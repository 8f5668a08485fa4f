import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { loadGitHub } from '../runner/adapters/preset.ts'
import { version } from '../runner/lib/version.ts'
import type { Inputs } from './inputs.ts'
import type { openLog } from './log.ts'
import type { Occasion } from './occasion.ts'
import type { Settings } from './settings.ts'

export type GitHubDoor = Awaited<ReturnType<typeof loadGitHub>>
/** All that a mode works with. `out` = the output folder; `notes` = what readers of the result must know. */
export type Job = {
  readonly inputs: Inputs
  readonly settings: Settings
  readonly occasion: Occasion
  readonly door: GitHubDoor
  readonly github: ReturnType<GitHubDoor['openGitHub']>
  readonly log: ReturnType<typeof openLog>
  readonly signal: AbortSignal
  readonly out: string
  readonly notes: string[]
}

export async function openJob({
  inputs,
  settings,
  occasion,
  log,
  signal,
}: Pick<Job, 'inputs' | 'settings' | 'occasion' | 'log' | 'signal'>): Promise<Job> {
  const door = await loadGitHub()
  const github = door.openGitHub({ token: inputs.token, apiUrl: settings.apiUrl, version, log: log.say })
  const out = inputs.out === undefined ? join(settings.temporary, 'out') : join(settings.workspace, inputs.out)
  return { inputs, settings, occasion, door, github, log, signal, out, notes: [] }
}

/** Paths of the files of a tree, with slashes. */
export async function filesOf(root: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return new Set(
    entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/')),
  )
}
