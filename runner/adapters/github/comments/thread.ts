import { type GitHub, ownerAndName } from '../client.ts'
import { hasStatus } from '../error.ts'

export type Comment = { readonly id: number; readonly body: string; readonly login: string | undefined }
/** Where comments stand one below the other. */
export type Thread = {
  readonly name: string
  /** All of them, oldest first. */
  list(): Promise<readonly Comment[]>
  create(body: string): Promise<Comment>
  update(id: number, body: string): Promise<Comment>
  /** Also when it is gone already. */
  remove(id: number): Promise<void>
}
type Place = { readonly github: GitHub; readonly repo: string }

export function pullThread({ github, repo, pull }: Place & { readonly pull: number }): Thread {
  const { issues } = github.api.rest
  const at = { ...ownerAndName(repo), issue_number: pull }
  return {
    name: `pull request ${pull}`,
    list: async () => (await github.api.paginate(issues.listComments, { ...at, per_page: 100 })).map(comment).toSorted(byAge),
    create: async (body) => comment((await issues.createComment({ ...at, body })).data),
    update: async (id, body) => comment((await issues.updateComment({ ...ownerAndName(repo), comment_id: id, body })).data),
    remove: (id) => gone(issues.deleteComment({ ...ownerAndName(repo), comment_id: id })),
  }
}

export function commitThread({ github, repo, sha }: Place & { readonly sha: string }): Thread {
  const { repos } = github.api.rest
  const at = { ...ownerAndName(repo), commit_sha: sha }
  return {
    name: `commit ${sha.slice(0, 12)}`,
    list: async () => (await github.api.paginate(repos.listCommentsForCommit, { ...at, per_page: 100 })).map(comment).toSorted(byAge),
    create: async (body) => comment((await repos.createCommitComment({ ...at, body })).data),
    update: async (id, body) => comment((await repos.updateCommitComment({ ...ownerAndName(repo), comment_id: id, body })).data),
    remove: (id) => gone(repos.deleteCommitComment({ ...ownerAndName(repo), comment_id: id })),
  }
}

type Told = { readonly id: number; readonly body?: string; readonly user: { readonly login: string } | null }
const comment = ({ id, body = '', user }: Told): Comment => ({ id, body, login: user?.login })
const byAge = (a: Comment, b: Comment) => a.id - b.id

async function gone(removing: Promise<unknown>): Promise<void> {
  await removing.catch((error: unknown) => {
    if (!hasStatus(error, 404)) throw error
  })
}
