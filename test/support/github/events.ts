/** An event as the runner hands it to a job: the payload, and what the context variables say beside it. */
export type GitHubEvent = {
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly repo: string
  readonly ref: string
  readonly sha: string
  readonly actor: string
  readonly headRef?: string
  readonly baseRef?: string
}
export type Common = {
  /** owner/name */
  readonly repo: string
  readonly serverUrl: string
  readonly apiUrl: string
  readonly actor?: string
  readonly defaultBranch?: string
}
/** `push` of a branch or a tag, in full form; `after` zeros = it was deleted. */
export function pushEvent(push: Common & { readonly ref: string; readonly before: string; readonly after: string }): GitHubEvent {
  const { repo, ref, before, after, actor = 'octocat', serverUrl } = push
  const isNew = /^0+$/.test(before)
  const deleted = /^0+$/.test(after)
  const commit = {
    id: after,
    tree_id: after,
    distinct: true,
    message: 'a change',
    timestamp: stamp,
    url: `${serverUrl}/${repo}/commit/${after}`,
    author: { name: actor, email: `${actor}@example.com`, username: actor },
    committer: { name: actor, email: `${actor}@example.com`, username: actor },
    added: [],
    removed: [],
    modified: ['agent.yaml'],
  }
  const payload = {
    ref,
    before,
    after,
    base_ref: null,
    created: isNew,
    deleted,
    forced: false,
    compare: `${serverUrl}/${repo}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: deleted ? [] : [commit],
    head_commit: deleted ? null : commit,
    repository: repositoryOf(push),
    pusher: { name: actor, email: `${actor}@example.com` },
    sender: userOf(actor),
  }
  return { name: 'push', payload, repo, ref, sha: after, actor }
}

/** `release`, `published` unless said otherwise. A job of it is at the tag. */
export function releaseEvent(
  release: Common & {
    readonly id: number
    readonly tag: string
    readonly sha: string
    readonly action?: string
    readonly draft?: boolean
    readonly body?: string
  },
): GitHubEvent {
  const { repo, id, tag, sha, action = 'published', draft = false, body = '', actor = 'octocat', apiUrl, serverUrl } = release
  const url = `${apiUrl}/repos/${repo}/releases/${id}`
  const payload = {
    action,
    release: {
      id,
      node_id: `RE_${id}`,
      url,
      assets_url: `${url}/assets`,
      upload_url: `${url}/assets{?name,label}`,
      html_url: `${serverUrl}/${repo}/releases/tag/${tag}`,
      tag_name: tag,
      target_commitish: release.defaultBranch ?? 'main',
      name: tag,
      draft,
      prerelease: false,
      created_at: stamp,
      published_at: draft ? null : stamp,
      author: userOf(actor),
      assets: [],
      tarball_url: null,
      zipball_url: null,
      body,
    },
    repository: repositoryOf(release),
    sender: userOf(actor),
  }
  return { name: 'release', payload, repo, ref: `refs/tags/${tag}`, sha, actor }
}

/** `workflow_run` completed, which a fork's pull request caused: its list of pull requests is empty then, as on GitHub. */
export function workflowRunEvent(
  run: Common & {
    readonly id: number
    /** The default branch, where this job is. */
    readonly sha: string
    readonly head: { readonly sha: string; readonly branch: string; readonly repo?: string }
    readonly event?: string
    readonly conclusion?: string
    readonly attempt?: number
  },
): GitHubEvent {
  const { repo, id, sha, head, event = 'pull_request', conclusion = 'success', attempt = 1, actor = 'octocat', apiUrl, serverUrl } = run
  const payload = {
    action: 'completed',
    workflow_run: {
      id,
      name: 'proctor',
      node_id: `WFR_${id}`,
      head_branch: head.branch,
      head_sha: head.sha,
      path: '.github/workflows/proctor.yml',
      display_title: 'a change',
      run_number: 1,
      run_attempt: attempt,
      event,
      status: 'completed',
      conclusion,
      workflow_id: 1,
      check_suite_id: 1,
      url: `${apiUrl}/repos/${repo}/actions/runs/${id}`,
      html_url: `${serverUrl}/${repo}/actions/runs/${id}`,
      pull_requests: [],
      created_at: stamp,
      updated_at: stamp,
      run_started_at: stamp,
      actor: userOf(actor),
      triggering_actor: userOf(actor),
      artifacts_url: `${apiUrl}/repos/${repo}/actions/runs/${id}/artifacts`,
      head_commit: { id: head.sha, tree_id: head.sha, message: 'a change', timestamp: stamp, author: null, committer: null },
      repository: repositoryOf(run),
      head_repository: repositoryOf({ ...run, repo: head.repo ?? repo }),
    },
    workflow: { id: 1, name: 'proctor', path: '.github/workflows/proctor.yml', state: 'active' },
    repository: repositoryOf(run),
    sender: userOf(actor),
  }
  return { name: 'workflow_run', payload, repo, ref: `refs/heads/${run.defaultBranch ?? 'main'}`, sha, actor }
}

/** `workflow_dispatch` on a branch or tag, in full form. */
export function dispatchEvent(
  dispatch: Common & { readonly ref: string; readonly sha: string; readonly inputs?: Readonly<Record<string, string>> },
): GitHubEvent {
  const { repo, ref, sha, inputs = {}, actor = 'octocat' } = dispatch
  const payload = { inputs, ref, repository: repositoryOf(dispatch), sender: userOf(actor), workflow: '.github/workflows/proctor.yml' }
  return { name: 'workflow_dispatch', payload, repo, ref, sha, actor }
}

/** `merge_group` checks_requested: the queue's own commit on top of its base. */
export function mergeGroupEvent(
  group: Common & { readonly headSha: string; readonly baseSha: string; readonly base?: string },
): GitHubEvent {
  const { repo, headSha, baseSha, base = 'main', actor = 'octocat' } = group
  const ref = `refs/heads/gh-readonly-queue/${base}/pr-1-${baseSha}`
  const merge = { head_sha: headSha, head_ref: ref, base_sha: baseSha, base_ref: `refs/heads/${base}`, head_commit: { id: headSha } }
  const payload = { action: 'checks_requested', merge_group: merge, repository: repositoryOf(group), sender: userOf(actor) }
  return { name: 'merge_group', payload, repo, ref, sha: headSha, actor }
}

export const stamp = '2026-11-24T12:00:00Z'
/** The same number for the same name, everywhere. */
export const idOf = (name: string): number => [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_000_007, 7)

export const userOf = (login: string) => ({
  login,
  id: idOf(login),
  node_id: `U_${idOf(login)}`,
  type: login.endsWith('[bot]') ? 'Bot' : 'User',
  site_admin: false,
})

export function repositoryOf({ repo, serverUrl, apiUrl, defaultBranch = 'main' }: Common, fork = false) {
  const [owner = '', name = ''] = repo.split('/')
  return {
    id: idOf(repo),
    node_id: `R_${idOf(repo)}`,
    name,
    full_name: repo,
    private: false,
    owner: userOf(owner),
    html_url: `${serverUrl}/${repo}`,
    description: null,
    fork,
    url: `${apiUrl}/repos/${repo}`,
    clone_url: `${serverUrl}/${repo}.git`,
    default_branch: defaultBranch,
    visibility: 'public',
  }
}
