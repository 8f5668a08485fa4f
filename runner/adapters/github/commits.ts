import { type GitHub, ownerAndName } from './client.ts'
import { hasStatus } from './error.ts'

/** The commit that a name stands for: its id, or `tags/<name>`. Undefined: there is none. */
export async function commitOf(github: GitHub, repo: string, ref: string): Promise<string | undefined> {
  try {
    const { data } = await github.api.rest.repos.getCommit({ ...ownerAndName(repo), ref, per_page: 1 })
    return data.sha
  } catch (error) {
    if (hasStatus(error, 404, 409, 422)) return undefined
    throw error
  }
}
