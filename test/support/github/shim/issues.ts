import type { Json, Shim, Shims } from '../world.ts'

/** A pull request is an issue too; the emulator has it among pull requests alone. */
const one: Shim = async (ask, world) => {
  const number = Number(ask.parameters.issue_number)
  if (!ask.known || !world.pulls.of(ask.known.name, number)) return undefined
  const pull = await world.look(`/repos/${ask.known.name}/pulls/${number}`)
  const url = `${world.apiUrl}/repos/${ask.known.name}/issues/${number}`
  const html = `${world.serverUrl}/${ask.known.name}/pull/${number}`
  return {
    status: 200,
    body: {
      ...Object.fromEntries(shared.map((name) => [name, pull[name]])),
      url,
      repository_url: `${world.apiUrl}/repos/${ask.known.name}`,
      labels_url: `${url}/labels{/name}`,
      comments_url: `${url}/comments`,
      events_url: `${url}/events`,
      timeline_url: `${url}/timeline`,
      html_url: html,
      state_reason: null,
      comments: await countOf(world.look(`/repos/${ask.known.name}/issues/${number}/comments?per_page=100`)),
      closed_by: null,
      performed_via_github_app: null,
      reactions: noReactions(url),
      draft: pull.draft,
      pull_request: { url: pull.url, html_url: html, diff_url: pull.diff_url, patch_url: pull.patch_url, merged_at: pull.merged_at },
    },
  }
}

export const issues: Shims = { 'GET /repos/{owner}/{repo}/issues/{issue_number}': one }

const shared = (
  'id node_id number title user labels state locked active_lock_reason assignee assignees milestone ' +
  'created_at updated_at closed_at body author_association'
).split(' ')

const countOf = async (list: Promise<Json>): Promise<number> => ((await list) as unknown as readonly Json[]).length // as the description has it
const noReactions = (url: string): Json => ({
  url: `${url}/reactions`,
  total_count: 0,
  ...Object.fromEntries(['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'].map((content) => [content, 0])),
})
