import { type GitHub, ownerAndName } from './client.ts'
import { hasStatus, isRefusal } from './error.ts'

/** Who the token is, as an author of comments: an App's, when its check runs say so; a person's; or the job's own. */
export async function ownLogin(github: GitHub, { app }: { readonly app: string | undefined }): Promise<string | undefined> {
  if (app !== undefined) return `${app}[bot]`
  try {
    return (await github.api.rest.users.getAuthenticated()).data.login
  } catch (error) {
    // Tokens of an App have no user. Which App's, nothing tells before something was written; almost always the job's.
    if (isRefusal(error)) return 'github-actions[bot]'
    throw error
  }
}

/** Whether somebody could merge a change, and so need not ask proctor for anything. */
export async function mayWrite(github: GitHub, repo: string, login: string): Promise<boolean> {
  if (login === '') return false
  try {
    const { data } = await github.api.rest.repos.getCollaboratorPermissionLevel({ ...ownerAndName(repo), username: login })
    // `permission` has four levels, and is what a role that an organisation made up comes down to.
    return ['admin', 'write'].includes(data.permission) || ['admin', 'maintain', 'write'].includes(data.role_name)
  } catch (error) {
    if (hasStatus(error, 404)) return false
    throw error
  }
}
