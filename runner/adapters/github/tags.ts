import { type GitHub, ownerAndName } from './client.ts'
import { hasStatus } from './error.ts'

export type Tag = { readonly name: string; readonly commit: string }

/** The commit that a tag stands for, through annotated tags too. Undefined: there is no such tag, or it stands for no commit. */
export async function commitOfTag(github: GitHub, repo: string, tag: string): Promise<string | undefined> {
  try {
    const { data } = await github.api.rest.repos.getCommit({ ...ownerAndName(repo), ref: `tags/${tag}`, per_page: 1 })
    return data.sha
  } catch (error) {
    if (hasStatus(error, 404, 409, 422)) return undefined
    throw error
  }
}

/** All tags, with their commits. */
export async function tagsOf(github: GitHub, repo: string): Promise<readonly Tag[]> {
  const all = await github.api.paginate(github.api.rest.repos.listTags, { ...ownerAndName(repo), per_page: 100 })
  return all.map(({ name, commit }) => ({ name, commit: commit.sha }))
}
