import { Octokit } from '@octokit/rest'
import { expect, test } from 'vitest'
import { openHub } from '../support/github/hub.ts'

test('a real client makes its way: a push, a pull request, check runs and comments of a job', async () => {
  await using hub = await openHub()
  const repo = await hub.repository('acme/agents')
  await repo.commit({ 'agent.yaml': 'name: a\n', 'deep/er/file.txt': 'x' })
  await repo.push()
  repo.branch('better')
  const first = await repo.commit({ 'agent.yaml': 'name: b\n' })
  await repo.push()
  const pull = await repo.open({ head: 'better' })
  expect(pull).toMatchObject({ number: 1, headSha: first })
  const octokit = new Octokit({ baseUrl: hub.apiUrl, auth: await hub.jobToken('acme/agents') })
  const place = { owner: 'acme', repo: 'agents' }

  const made = await octokit.rest.checks.create({ ...place, name: 'proctor', head_sha: first, status: 'in_progress', external_id: 'x:1' })
  expect(made.data).toMatchObject({ app: { slug: 'github-actions' }, head_sha: first })
  await octokit.rest.checks.update({ ...place, check_run_id: made.data.id, conclusion: 'success', output: { title: 't', summary: 's' } })
  const { data } = await octokit.rest.checks.listForRef({ ...place, ref: 'better', check_name: 'proctor' })
  expect(data).toMatchObject({ total_count: 1, check_runs: [{ status: 'completed', conclusion: 'success' }] })
  const comment = await octokit.rest.issues.createComment({ ...place, issue_number: 1, body: 'hello' })
  expect(comment.data.user?.login).toBe('github-actions[bot]')
  expect(await hub.comments('acme/agents', 1)).toMatchObject([{ body: 'hello' }])
  const repository = await octokit.rest.repos.get(place)
  expect(repository.data).toMatchObject({ full_name: 'acme/agents', default_branch: 'main' })
  expect(hub.violations).toEqual([])
})
