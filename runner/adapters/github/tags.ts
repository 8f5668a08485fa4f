import { type GitHub, ownerAndName } from './client.ts'
import { commitOf } from './commits.ts'

export type Tag = { readonly name: string; readonly commit: string }

/** The commit that a tag stands for, through annotated tags too. Undefined: there is no such tag, or it stands for no commit. */
export const commitOfTag = (github: GitHub, repo: string, tag: string): Promise<string | undefined> => commitOf(github, repo, `tags/${tag}`)

/** All tags, with their commits. */
export async function tagsOf(github: GitHub, repo: string): Promise<readonly Tag[]> {
  const all = await github.api.paginate(github.api.rest.repos.listTags, { ...ownerAndName(repo), per_page: 100 })
  return all.map(({ name, commit }) => ({ name, commit: commit.sha }))
}
