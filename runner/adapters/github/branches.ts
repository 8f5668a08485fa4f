import { type GitHub, ownerAndName } from './client.ts'
import { hasStatus } from './error.ts'

/** The commit at the head of a branch at this moment. Undefined: there is no such branch. */
export async function headOfBranch(github: GitHub, repo: string, branch: string): Promise<string | undefined> {
  try {
    const { data } = await github.api.rest.git.getRef({ ...ownerAndName(repo), ref: `heads/${branch}` })
    return data.object.sha
  } catch (error) {
    if (hasStatus(error, 404, 409)) return undefined
    throw error
  }
}
