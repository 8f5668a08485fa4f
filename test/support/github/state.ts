import { tokenOf } from './emulator.ts'
import type { Json, World } from './world.ts'

/** What the emulator keeps, for tests to look at: as GitHub's API would show it to the owner. */
export function openReader(world: World) {
  async function all(repo: string, path: string): Promise<readonly Json[]> {
    const token = world.known.get(repo.toLowerCase())?.token ?? tokenOf('octocat')
    const found: Json[] = []
    for (let page = 1; ; page += 1) {
      const separator = path.includes('?') ? '&' : '?'
      const { body } = await world.emulator.call({
        method: 'GET',
        path: `/repos/${repo}/${path}${separator}per_page=100&page=${page}`,
        token,
      })
      const items = (Array.isArray(body) ? body : ((body as { check_runs?: readonly Json[] })?.check_runs ?? [])) as readonly Json[]
      found.push(...items)
      if (items.length < 100 || !Array.isArray(body)) return found
    }
  }
  return {
    /** Of a commit, all attempts, oldest first. */
    checkRuns: async (repo: string, sha: string): Promise<readonly Json[]> =>
      (await all(repo, `commits/${sha}/check-runs?filter=all`)).toSorted((a, b) => Number(a.id) - Number(b.id)),
    comments: (repo: string, number: number): Promise<readonly Json[]> => all(repo, `issues/${number}/comments`),
    releases: (repo: string): Promise<readonly Json[]> => all(repo, 'releases'),
  }
}
