import type { Answer } from '../artifacts.ts'
import { gitOf } from '../mirror.ts'
import { type Ask, type Json, type Known, notFound, type Shims, type World } from '../world.ts'

type Comparison = Json & {
  readonly commits: readonly Json[]
  readonly files: readonly Json[]
  readonly merge_base_commit: { readonly sha: string }
}

/** The emulator compares commits well, but knows neither forks nor tags here: git finds the commits, and the merge base is its. */
export const compare: Shims = { 'GET /repos/{owner}/{repo}/compare/{basehead}': compareRefs }

async function compareRefs(ask: Ask, world: World): Promise<Answer> {
  const [base = '', head = ''] = (ask.parameters.basehead ?? '').split('...')
  if (!ask.known) return notFound()
  const [from, to] = [shaOf(ask.known, base, world), shaOf(ask.known, head, world)]
  if (from === undefined || to === undefined) return notFound()
  if (!haveCommon(ask.known, from, to)) return notFound(`No common ancestor between ${base} and ${head}.`)
  return { status: 200, body: await comparison(ask, world, [from, to]) }
}

function haveCommon({ git }: Known, base: string, head: string): boolean {
  try {
    return gitOf(git.bare)('merge-base', base, head) !== ''
  } catch {
    return false
  }
}

/** Throws when the emulator and git do not agree where two commits part. */
export async function comparison(ask: Ask, world: World, [base, head]: readonly [string, string]): Promise<Comparison> {
  const query = ask.path.includes('/compare/') && ask.query.size > 0 ? `?${ask.query}` : ''
  const path = `/repos/${ask.known?.name}/compare/${base}...${head}${query}`
  const asked: Ask = { ...ask, method: 'GET', body: Buffer.alloc(0), token: ask.known?.token }
  const { status, body } = await world.forward(asked, { path })
  if (status !== 200) throw new Error(`the emulator cannot compare ${base} with ${head}: ${JSON.stringify(body)}`)
  const found = body as Comparison // as the description has it
  const real = ask.known && gitOf(ask.known.git.bare)('merge-base', base, head).trim()
  if (found.merge_base_commit.sha !== real) throw new Error(`${base} and ${head} part at ${real}, not at ${found.merge_base_commit.sha}`)
  return found
}

/** A branch, tag, id, or stranger:branch of a fork, whose commits are in the whole network. */
export function shaOf(known: Known, ref: string, world: World): string | undefined {
  const [owner, branch] = ref.split(':')
  if (branch === undefined) return resolved(known, ref)
  const own = known.name.startsWith(`${owner}/`) ? known : undefined
  const fork = own ?? [...world.known.values()].find(({ name, parent }) => parent === known.name && name.startsWith(`${owner}/`))
  return fork && resolved(fork, `refs/heads/${branch}`)
}

function resolved({ git }: Known, ref: string): string | undefined {
  const run = gitOf(git.bare)
  // A branch is found before a tag of the same name.
  for (const name of [`refs/heads/${ref}`, `refs/tags/${ref}`, ref.startsWith('-') ? '' : ref])
    try {
      if (name !== '') return run('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`).trim()
    } catch {}
  return undefined
}
