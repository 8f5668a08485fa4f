import { Octokit } from '@octokit/rest'
import { afterAll, afterEach, expect, test } from 'vitest'
import { openArtifacts } from '../support/github/artifacts.ts'
import { idOf } from '../support/github/events.ts'
import { openHub } from '../support/github/hub.ts'

const place = { owner: 'acme', repo: 'agents' }
const artifacts = await openArtifacts()
const hub = await openHub({ artifacts })
const repo = await hub.repository('acme/agents')
const base = await repo.commit({ 'agent.yaml': 'name: a\n', 'deep/er/file.txt': 'x', 'gone.txt': 'x\n' })
await repo.push()
repo.branch('better')
await repo.commit({ 'agent.yaml': 'name: b\n' })
await repo.push()
await repo.open({ head: 'better' })
await hub.repository('stranger/agents', { forkOf: 'acme/agents' })
const as = (auth: string) => new Octokit({ baseUrl: hub.apiUrl, auth }).rest
const job = as(await hub.jobToken('acme/agents'))
const person = as(hub.userToken('octocat'))
const stranger = as(hub.userToken('stranger'))

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await artifacts[Symbol.asyncDispose]()
})

// Whatever else a test is about: nobody asks what GitHub does not know, nothing is answered that GitHub would not.
let [asked, answered] = [0, 0]
afterEach(() => {
  const fresh = { violations: hub.violations.slice(asked), wrongAnswers: hub.wrongAnswers.slice(answered) }
  ;[asked, answered] = [hub.violations.length, hub.wrongAnswers.length]
  expect(fresh).toEqual({ violations: [], wrongAnswers: [] })
})

test('people have roles', async () => {
  await hub.allow('stranger', 'acme/agents', 'triage')
  const roles = ['octocat', 'member', 'stranger'].map((username) => person.repos.getCollaboratorPermissionLevel({ ...place, username }))
  expect((await Promise.all(roles)).map(({ data }) => [data.permission, data.role_name])).toEqual([
    ['admin', 'admin'],
    ['read', 'read'],
    ['read', 'triage'],
  ])
  await expect(person.repos.getCollaboratorPermissionLevel({ ...place, username: 'nobody' })).rejects.toMatchObject({ status: 404 })
  const me = await person.users.getAuthenticated()
  expect(me.data.login).toBe('octocat')
  await expect(job.users.getAuthenticated()).rejects.toThrow(/not accessible by integration/)
  expect((await stranger.repos.get(place)).data.permissions).toMatchObject({ triage: true, push: false })
  expect((await person.repos.get({ owner: 'stranger', repo: 'agents' })).data).toMatchObject({
    fork: true,
    parent: { full_name: 'acme/agents' },
  })
})

test('an app sees where it is installed, and takes tokens that do less', async () => {
  const app = as(hub.appToken())
  expect((await app.apps.getAuthenticated()).data).toMatchObject({ slug: 'proctor' })
  const { data: at } = await app.apps.getRepoInstallation(place)
  expect((await app.apps.listInstallations()).data.map(({ id }) => id)).toEqual([at.id])
  const { data } = await app.apps.createInstallationAccessToken({
    installation_id: at.id,
    repository_ids: [idOf('acme/agents')],
    permissions: { contents: 'read' },
  })
  expect(data.repositories?.map((one) => one.full_name)).toEqual(['acme/agents'])
  const narrow = as(data.token)
  expect((await narrow.apps.listReposAccessibleToInstallation()).data).toMatchObject({
    total_count: 1,
    repositories: [{ full_name: 'acme/agents' }],
  })
  await expect(narrow.issues.createComment({ ...place, issue_number: 1, body: 'x' })).rejects.toThrow(/not accessible by integration/)
  await narrow.apps.revokeInstallationAccessToken()
  await expect(narrow.repos.get(place)).rejects.toMatchObject({ status: 401 })
})

test('workflow runs and their artifacts say where they come from', async () => {
  hub.workflowRun({ repo: 'acme/agents', id: 5, headSha: base, headBranch: 'main' })
  hub.workflowRun({ repo: 'acme/agents', id: 6, headSha: base, headBranch: 'theirs', headRepo: 'stranger/agents', event: 'pull_request' })
  expect((await job.actions.getWorkflowRun({ ...place, run_id: 6 })).data).toMatchObject({
    event: 'pull_request',
    head_repository: { full_name: 'stranger/agents' },
  })
  const { data } = await job.actions.listWorkflowRunsForRepo({ ...place, branch: 'main', event: 'push', status: 'success' })
  expect(data.workflow_runs.map(({ id }) => id)).toEqual([5])
  expect((await job.actions.listArtifactsForRepo({ ...place, name: 'none' })).data.total_count).toBe(0)
})
