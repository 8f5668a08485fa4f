import { ProctorError } from '../../domain/error.ts'
import { type GitHub, ownerAndName } from './client.ts'
import { commitOf } from './commits.ts'
import { hasStatus } from './error.ts'

/** A workflow run as GitHub tells it. `pulls` = open pull requests of this repository whose head is exactly `headSha`. */
export type WorkflowRun = {
  readonly event: string
  readonly headSha: string
  readonly headBranch: string
  readonly pulls: readonly number[]
  /** Its code is this repository's own. */
  readonly isOwn: boolean
}

export async function workflowRun(github: GitHub, repo: string, id: number): Promise<WorkflowRun> {
  const { data } = await github.api.rest.actions.getWorkflowRun({ ...ownerAndName(repo), run_id: id })
  const { event, head_sha: headSha, head_branch: branch, repository, head_repository: head } = data
  const headBranch = branch ?? ''
  const owner: string | undefined = head?.owner?.login
  const pulls = event.startsWith('pull_request') && owner !== undefined ? await pullsOf({ github, repo, owner, headBranch, headSha }) : []
  return { event, headSha, headBranch, pulls, isOwn: head?.id === repository.id }
}

type Head = {
  readonly github: GitHub
  readonly repo: string
  readonly owner: string
  readonly headBranch: string
  readonly headSha: string
}

/** The run's own list is empty for a fork's. */
async function pullsOf({ github, repo, owner, headBranch, headSha }: Head): Promise<readonly number[]> {
  const asked = { ...ownerAndName(repo), state: 'open', head: `${owner}:${headBranch}`, per_page: 100 } as const
  const { data } = await github.api.rest.pulls.list(asked)
  return data.filter(({ head }) => head.sha === headSha && head.ref === headBranch).map(({ number }) => number)
}

/** The commit at which head branched off from base; base itself when they have no commit in common. */
export async function mergeBase(github: GitHub, repo: string, base: string, head: string): Promise<string> {
  const asked = { ...ownerAndName(repo), basehead: `${base}...${head}`, per_page: 1 }
  try {
    const { data } = await github.api.rest.repos.compareCommitsWithBasehead(asked)
    if (!data.merge_base_commit?.sha) throw new ProctorError('github_failed', `GitHub knows no merge base of ${base} and ${head}`)
    return data.merge_base_commit.sha
  } catch (error) {
    // GitHub answers the same for histories that have nothing to do with each other and for a commit that it does not have.
    if (!hasStatus(error, 404)) throw error
    const areThere = (await commitOf(github, repo, base)) && (await commitOf(github, repo, head))
    if (!areThere) throw error
    return base
  }
}
