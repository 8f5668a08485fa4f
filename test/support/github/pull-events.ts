import { type Common, type GitHubEvent, idOf, repositoryOf, stamp, userOf } from './events.ts'

type Pull = Common & {
  readonly action?: 'opened' | 'synchronize' | 'reopened' | 'ready_for_review' | 'labeled'
  readonly number: number
  readonly head: {
    readonly sha: string
    readonly ref: string /** Of a fork: owner/name; null = the fork was deleted. */
    readonly repo?: string | null
  }
  readonly base: { readonly sha: string; readonly ref: string }
  readonly mergeSha: string
  readonly author?: string
  /** Of `synchronize`: what the head was. */
  readonly before?: string
  readonly title?: string
}

/** `pull_request`. A job of it is at the merge of head and base, not at head. */
export function pullRequestEvent(pull: Pull): GitHubEvent {
  const { repo, number, head, base, mergeSha, actor = pull.author ?? 'octocat' } = pull
  return {
    ...pullOf(pull),
    name: 'pull_request',
    repo,
    ref: `refs/pull/${number}/merge`,
    sha: mergeSha,
    actor,
    headRef: head.ref,
    baseRef: base.ref,
  }
}

/** `pull_request` of Dependabot: a branch of this repository, and still without secrets. */
export const dependabotEvent = (pull: Omit<Pull, 'author' | 'actor'>): GitHubEvent =>
  pullRequestEvent({ ...pull, author: 'dependabot[bot]' })

/** `pull_request_target`: the same payload, but a job of it is at the default branch, and has the secrets. */
export function pullRequestTargetEvent(pull: Pull): GitHubEvent {
  const { repo, head, base, defaultBranch = 'main', actor = pull.author ?? 'octocat' } = pull
  const ref = `refs/heads/${defaultBranch}`
  return { ...pullOf(pull), name: 'pull_request_target', repo, ref, sha: base.sha, actor, headRef: head.ref, baseRef: base.ref }
}

function pullOf(pull: Pull) {
  const { action = 'opened', number, head, base, mergeSha, author = 'octocat', repo, apiUrl, serverUrl, actor = author, before } = pull
  const headRepo = head.repo === undefined ? repo : head.repo
  const url = `${apiUrl}/repos/${repo}/pulls/${number}`
  const owner = (headRepo ?? 'ghost/gone').split('/')[0] ?? ''
  const payload = {
    action,
    number,
    pull_request: {
      url,
      id: idOf(url),
      node_id: `PR_${idOf(url)}`,
      html_url: `${serverUrl}/${repo}/pull/${number}`,
      number,
      state: 'open',
      locked: false,
      title: pull.title ?? 'a change',
      user: userOf(author),
      body: null,
      labels: [],
      created_at: stamp,
      updated_at: stamp,
      closed_at: null,
      merged_at: null,
      merge_commit_sha: mergeSha,
      draft: false,
      head: {
        label: `${owner}:${head.ref}`,
        ref: head.ref,
        sha: head.sha,
        user: userOf(owner),
        repo: headRepo === null ? null : repositoryOf({ ...pull, repo: headRepo }, headRepo !== repo),
      },
      base: {
        label: `${repo.split('/')[0]}:${base.ref}`,
        ref: base.ref,
        sha: base.sha,
        user: userOf(repo.split('/')[0] ?? ''),
        repo: repositoryOf(pull),
      },
      author_association: headRepo === repo ? 'OWNER' : 'NONE',
      merged: false,
      mergeable: true,
      commits: 1,
      additions: 1,
      deletions: 1,
      changed_files: 1,
    },
    ...(action === 'synchronize' ? { before: before ?? base.sha, after: head.sha } : {}),
    repository: repositoryOf(pull),
    sender: userOf(actor),
  }
  return { payload }
}
