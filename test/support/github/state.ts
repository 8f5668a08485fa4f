import type { Answer } from './artifacts.ts'
import { tokenOf } from './emulator.ts'
import type { Inside } from './pipeline.ts'
import { buttonsOf } from './shim/check-runs.ts'
import { reactionsAt } from './shim/reactions.ts'
import type { Json, World } from './world.ts'

type Options = { readonly world: World; readonly inside: (request: Inside) => Promise<Answer> }

/** What is kept, for tests to look at: as the API shows it to the owner. Nothing of it is among the hub's requests. */
export function openReader({ world, inside }: Options) {
  async function all(repo: string, path: string): Promise<readonly Json[]> {
    const token = world.known.get(repo.toLowerCase())?.token ?? tokenOf('octocat')
    const found: Json[] = []
    for (let page = 1; ; page += 1) {
      const query = `${path.includes('?') ? '&' : '?'}per_page=100&page=${page}`
      const { status, body } = await inside({ method: 'GET', path: `/repos/${repo}/${path}${query}`, token })
      if (status !== 200) throw new Error(`${repo} has no ${path}: ${status}`)
      const { check_runs: runs = body } = body as { check_runs?: unknown } // a list, or one of check runs
      const items = runs as readonly Json[]
      found.push(...items)
      if (items.length < 100) return found
    }
  }
  return {
    /** Of a commit, all attempts, oldest first. */
    checkRuns: async (repo: string, sha: string): Promise<readonly Json[]> =>
      (await all(repo, `commits/${sha}/check-runs?filter=all`)).toSorted((a, b) => Number(a.id) - Number(b.id)),
    annotations: (repo: string, checkRun: number): Promise<readonly Json[]> => all(repo, `check-runs/${checkRun}/annotations`),
    /** The buttons of a check run, which the API never shows. */
    buttons: (checkRun: number): readonly Json[] => buttonsOf(world, checkRun),
    comments: (repo: string, number: number): Promise<readonly Json[]> => all(repo, `issues/${number}/comments`),
    /** At a comment of an issue or a pull request. */
    reactions: (repo: string, comment: number) => reactionsAt(world, `/repos/${repo}/issues/comments/${comment}`),
    releases: (repo: string): Promise<readonly Json[]> => all(repo, 'releases'),
  }
}
