import { type GitHub, ownerAndName } from './client.ts'
import { hasStatus } from './error.ts'

export type Artifact = { readonly id: number; readonly name: string; readonly bytes: number }

/** Those of a workflow run that can be had, newest first. */
export async function runArtifacts(github: GitHub, repo: string, runId: number): Promise<readonly Artifact[]> {
  const asked = { ...ownerAndName(repo), run_id: runId, per_page: 100 }
  const all = await github.api.paginate(github.api.rest.actions.listWorkflowRunArtifacts, asked)
  return all
    .filter(({ expired }) => !expired)
    .map(({ id, name, size_in_bytes: bytes }) => ({ id, name, bytes }))
    .toSorted((a, b) => b.id - a.id)
}

type Wanted = { readonly name: string; readonly branch: string; readonly most: number }
type Earlier = { readonly id: number; readonly sha: string }

/**
 * Artifacts of this name that the default branch made, newest first, at most `most`. GitHub says so of the workflow run that uploaded each:
 * code of this repository, on the branch, at a commit that the branch contains; what the artifact says of itself counts for nothing.
 */
export async function earlierArtifacts(github: GitHub, repo: string, { name, branch, most }: Wanted): Promise<readonly Earlier[]> {
  const found: Earlier[] = []
  let tip: Promise<string> | undefined
  const tipOf = () => (tip ??= branchTip({ github, repo, branch }))
  for (let page = 1; page <= mostPages && found.length < most; page++) {
    const asked = { ...ownerAndName(repo), name, per_page: 100, page }
    const { artifacts } = (await github.api.rest.actions.listArtifactsForRepo(asked)).data
    for (const { id, name: called, expired, workflow_run: run } of artifacts) {
      if (found.length === most) break
      const { id: runId, head_sha: sha, head_branch: head, repository_id: there, head_repository_id: from } = run ?? {}
      if (called !== name || expired || head !== branch || runId === undefined || sha === undefined) continue
      if (there === undefined || there !== from) continue
      if (await isOfBranch({ github, repo, runId, sha, branch, tipOf })) found.push({ id, sha })
    }
    if (artifacts.length < 100) break
  }
  return found
}
const mostPages = 10

/** Events that run what the branch holds, and not what somebody proposes. */
const ownEvents = new Set(['push', 'schedule', 'workflow_dispatch'])

type Claim = Branch & { readonly runId: number; readonly sha: string; readonly tipOf: () => Promise<string> }

async function isOfBranch({ github, repo, runId, sha, branch, tipOf }: Claim): Promise<boolean> {
  const { data: run } = await github.api.rest.actions.getWorkflowRun({ ...ownerAndName(repo), run_id: runId })
  if (!ownEvents.has(run.event) || run.head_branch !== branch || run.head_sha !== sha || run.head_repository?.id !== run.repository.id)
    return false
  // A tag can have the branch's name, and the run of a tag names it as its branch.
  try {
    const asked = { ...ownerAndName(repo), basehead: `${await tipOf()}...${sha}`, per_page: 1 }
    const { status } = (await github.api.rest.repos.compareCommitsWithBasehead(asked)).data
    return status === 'identical' || status === 'behind'
  } catch (error) {
    if (hasStatus(error, 404)) return false
    throw error
  }
}

type Branch = { readonly github: GitHub; readonly repo: string; readonly branch: string }
const branchTip = async ({ github, repo, branch }: Branch) =>
  (await github.api.rest.repos.getBranch({ ...ownerAndName(repo), branch })).data.commit.sha
