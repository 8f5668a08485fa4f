import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { ProctorError } from '../../domain/error.ts'

/** `home`: the agent package that the file lies in. `any`: its `kind` says what it is. */
export type Candidate = { readonly path: string; readonly role: 'agent' | 'eval' | 'scenario' | 'config' | 'any'; readonly home?: string }
/**
 * Nothing outside `fence` is read, whatever a link or a path says. `focus` is what was asked for; only scenarios are looked up beyond it.
 * Files are called by where they lie in `top`. `isEmpty`: nothing is at the focus.
 */
export type Found = {
  readonly root: string
  readonly fence: string
  readonly focus: string
  readonly top: string
  readonly isEmpty: boolean
  readonly candidates: readonly Candidate[]
}
/** `fence`: a whole repository that need not have a `.git`, and that files are called by. `orNothing`: instead of `package_not_found`. */
export type Bounds = { readonly fence?: string | undefined; readonly orNothing?: boolean }

/**
 * Which files a path stands for: a repository (agent.yaml at its root, or agents/, with evals/ and scenarios/ beside), one
 * package of it, one eval, one scenario, or a folder of scenarios. Throws `package_not_found`.
 */
export function findFiles(asWritten: string, { fence: given, orNothing = false }: Bounds = {}): Found {
  const bound = given === undefined ? undefined : realpathSync.native(given)
  const { path, kind } = placeOf(asWritten, bound)
  if (kind === undefined && !orNothing) throw new ProctorError('package_not_found', `nothing is at ${asWritten}`)
  const focus = kind === 'file' && /^agent\.ya?ml$/.test(basename(path)) ? dirname(path) : path
  const root = rootOf(kind === 'folder' ? path : existing(dirname(path), bound), bound)
  const fence = bound ?? fenceOf(root)
  const known = repository(root, fence)
  const asked = known.filter(({ path, role }) => role !== 'config' && within(focus, path))
  const other = asked.length > 0 || kind === undefined ? [] : unusual(focus, kind)
  const rest = known.filter((candidate) => !asked.includes(candidate) && isContext(candidate, [...asked, ...other], focus))
  const isEmpty = asked.length + other.length === 0
  if (isEmpty && !orNothing) throw new ProctorError('package_not_found', `${focus} holds no agent, eval or scenario`)
  const candidates = [...asked, ...other, ...rest].sort((a, b) => (a.path < b.path ? -1 : 1))
  return { root, focus, fence, top: bound ?? root, isEmpty, candidates }
}

/** Every agent package of a repository or a part of it that is laid out like one. */
export const agentFiles = (root: string): Candidate[] => packages(root).filter(({ role }) => role === 'agent')

export const within = (folder: string, path: string) =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)

/** Scenarios and configuration always; agents only where none was asked for, and then the one that the focus belongs to, or all. */
function isContext({ role, path, home }: Candidate, asked: readonly Candidate[], focus: string): boolean {
  if (role === 'scenario' || role === 'any' || role === 'config') return true
  if (role !== 'agent' || asked.some((other) => other.role === 'agent')) return false
  const owners = asked.flatMap((other) => other.home ?? [])
  return home === undefined || owners.length === 0 || owners.includes(home) || within(dirname(path), focus)
}

/** A file or folder outside the usual layout. */
function unusual(focus: string, kind: 'file' | 'folder'): Candidate[] {
  if (kind === 'folder') return loose(focus)
  return [{ path: focus, role: 'any', ...(isPackage(dirname(focus)) ? { home: dirname(focus) } : {}) }]
}

/** Links resolved. What a link leads out of the fence is not there. */
function placeOf(asWritten: string, fence: string | undefined): { readonly path: string; readonly kind: ReturnType<typeof kindOf> } {
  const kind = kindOf(asWritten)
  if (kind === undefined) return { path: resolve(asWritten), kind }
  const path = realpathSync.native(asWritten)
  return fence === undefined || within(fence, path) ? { path, kind } : { path: resolve(asWritten), kind: undefined }
}

/** The nearest folder above that is there. */
function existing(folder: string, fence: string | undefined): string {
  const { path, kind } = placeOf(folder, fence)
  return kind === 'folder' || dirname(folder) === folder ? path : existing(dirname(folder), fence)
}

/** The farthest folder that has this one in its agents/, scenarios/ or evals/; never beyond the repository. */
function rootOf(folder: string, fence: string | undefined): string {
  let root = folder
  const path: string[] = []
  for (let here = folder; path.length <= 3; here = dirname(here)) {
    if (path[0] !== undefined && layout.has(path[0])) root = here
    const names = new Set(entries(here).map(({ name }) => name))
    if (here === fence || names.has('.git') || (here === folder && (names.has('agents') || names.has('scenarios'))))
      return path.length === 0 ? folder : root
    path.unshift(basename(here))
  }
  return root
}
const layout = new Set(['agents', 'scenarios', 'evals'])

function repository(root: string, fence: string): Candidate[] {
  const own = configs(root)
  return [...packages(root), ...loose(join(root, 'scenarios')), ...(own.length > 0 || root === fence ? own : configs(fence))]
}

const packages = (root: string) => [...packageAt(root), ...folders(join(root, 'agents')).flatMap(packageAt)]

const configs = (folder: string) =>
  entries(join(folder, '.github'))
    .filter(({ name }) => /^proctor\.ya?ml$/.test(name))
    .map(({ name }): Candidate => ({ path: join(folder, '.github', name), role: 'config' }))

/** agent.yaml and evals/ of one folder; evals/ without an agent beside it belongs to nobody. */
function packageAt(home: string): Candidate[] {
  const evals = entries(join(home, 'evals'))
  const agents = entries(home)
    .filter(({ name }) => /^agent\.ya?ml$/.test(name))
    .map(({ name }): Candidate => ({ path: join(home, name), role: 'agent', home }))
  const belongs = agents.length > 0 ? { home } : {}
  return [...agents, ...evals.filter(isYaml).map(({ name }): Candidate => ({ path: join(home, 'evals', name), role: 'eval', ...belongs }))]
}

/** Scenarios as files, or as folders with scenario.yaml (and eval.yaml) in them; the folder may itself be one. */
function loose(folder: string): Candidate[] {
  const inside = entries(folder)
  const deeper = inside.filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
  const own = inside
    .filter((entry) => isYaml(entry) && !/^agent\.ya?ml$/.test(entry.name))
    .map(({ name }): Candidate => ({ path: join(folder, name), role: 'any' }))
  return [...own, ...deeper.flatMap(({ name }) => scenarioFolder(join(folder, name)))]
}

function scenarioFolder(folder: string): Candidate[] {
  const names = entries(folder).map(({ name }) => name)
  const scenarios = names
    .filter((name) => /^scenario\.ya?ml$/.test(name))
    .map((name): Candidate => ({ path: join(folder, name), role: 'scenario' }))
  return [
    ...scenarios,
    ...names.filter((name) => /^eval\.ya?ml$/.test(name)).map((name): Candidate => ({ path: join(folder, name), role: 'eval' })),
  ]
}

const isYaml = (entry: Dirent) => /\.ya?ml$/i.test(entry.name) && !entry.isDirectory() && !entry.name.startsWith('.')
const isPackage = (folder: string) => entries(folder).some(({ name }) => /^agent\.ya?ml$/.test(name))
const folders = (folder: string) =>
  entries(folder)
    .filter((entry) => !entry.name.startsWith('.') && !entry.isFile())
    .map(({ name }) => join(folder, name))

/** In a stable order; a folder that is not there is empty. Calls that wait are quicker here than promises: there are many, and each is tiny. */
function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch {
    return []
  }
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() ? 'folder' : found?.isFile() ? 'file' : undefined
}

/** The repository that the root lies in; outside of one, the root. */
function fenceOf(root: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    if (kindOf(join(folder, '.git')) !== undefined) return folder
    if (dirname(folder) === folder) return root
  }
}
