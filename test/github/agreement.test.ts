import { Octokit } from '@octokit/rest'
import { afterAll, expect, test } from 'vitest'
import { tokenOf } from '../support/github/emulator.ts'
import { openHub } from '../support/github/hub.ts'

const place = { owner: 'acme', repo: 'agents' }
const hub = await openHub()
const repo = await hub.repository('acme/agents')
afterAll(() => hub[Symbol.asyncDispose]())
const { rest } = new Octokit({ baseUrl: hub.apiUrl, auth: await hub.jobToken('acme/agents') })
/** What the emulator says, without the hub. */
const emulated = async (path: string) =>
  (await hub.emulator.call({ method: 'GET', path: `/repos/acme/agents/${path}`, token: tokenOf('octocat') })).body

test('the emulator has every commit, tree and branch of git under the same name, whatever is in them', async () => {
  await repo.commit({ 'a.txt': 'a', 'dir/b.bin': '\u0000\u00ff', 'dir.txt': 'c', 'dir/deep/ünï cöde.txt': 'd', 'empty/.keep': '' })
  await repo.push()
  await repo.commit({ 'dir/deep/ünï cöde.txt': null }, { message: 'subject\n\nbody with\n\nparagraphs' })
  await repo.commit({}, { message: 'nothing' })
  repo.git('-c', 'user.name=Zoë <z>', 'commit', '--quiet', '--allow-empty', '--date=2020-02-02T02:02:02+05:30', '-m', 'far away')
  repo.branch('side', 'HEAD~1')
  await repo.commit({ 'side.txt': 's' })
  repo.branch('main')
  repo.git('merge', '--quiet', '--no-ff', '-m', 'a merge', 'side')
  await repo.push('side')
  await repo.push('main')
  await repo.tag('v1')
  await repo.tag('v2', { message: 'annotated' })
  const commits = repo.git('rev-list', '--all').split('\n')
  for (const sha of commits) {
    const { tree, parents } = (await rest.git.getCommit({ ...place, commit_sha: sha })).data
    expect([tree.sha, ...parents.map((parent) => parent.sha)].join(' ')).toBe(repo.git('show', '-s', '--format=%T %P', sha).trim())
  }
  const branches = (await emulated('branches')) as readonly { name: string; commit: { sha: string } }[]
  expect(branches.map(({ name, commit }) => `${commit.sha} refs/heads/${name}`).sort()).toEqual(
    repo.git('ls-remote', '--heads', repo.bare).replaceAll('\t', ' ').split('\n').sort(),
  )
})

test('a branch that was forced or removed is so everywhere', async () => {
  repo.branch('gone')
  await repo.commit({ 'x.txt': '1' })
  await repo.push()
  repo.git('reset', '--quiet', '--hard', 'HEAD~1')
  const forced = await repo.commit({ 'x.txt': '2' })
  await repo.push()
  expect((await rest.repos.getCommit({ ...place, ref: 'gone' })).data.sha).toBe(forced)
  expect(await emulated('branches/gone')).toMatchObject({ commit: { sha: forced } })
  await repo.remove('refs/heads/gone')
  expect(await emulated('branches/gone')).toMatchObject({ message: 'Not Found' })
  await expect(rest.git.getRef({ ...place, ref: 'heads/gone' })).rejects.toMatchObject({ status: 404 })
})

test('two sides part where git says', async () => {
  for (const [base, head] of [
    ['main', 'side'],
    ['side', 'main'],
    ['v1', 'main~2'],
    ['v2', 'side'],
  ] as const) {
    const { data } = await rest.repos.compareCommitsWithBasehead({ ...place, basehead: `${base}...${head}` })
    const [behind, ahead] = repo.git('rev-list', '--left-right', '--count', `${base}...${head}`).split('\t').map(Number)
    expect([data.merge_base_commit.sha, data.behind_by, data.ahead_by]).toEqual([repo.git('merge-base', base, head), behind, ahead])
  }
})

test('a pull request that does not merge says so', async () => {
  repo.branch('left', 'main')
  await repo.commit({ 'a.txt': 'left' })
  await repo.push()
  repo.branch('main')
  await repo.commit({ 'a.txt': 'right' })
  await repo.push()
  const { number } = await repo.open({ head: 'left' })
  expect((await rest.pulls.get({ ...place, pull_number: number })).data).toMatchObject({ mergeable: false, merge_commit_sha: null })
})

test('check runs, comments and releases of the emulator are those of the hub', async () => {
  const sha = repo.git('rev-parse', 'left')
  const { data } = await rest.checks.create({ ...place, name: 'proctor', head_sha: sha })
  await rest.checks.update({ ...place, check_run_id: data.id, conclusion: 'failure' })
  expect(data.pull_requests).toMatchObject([{ number: 1, head: { ref: 'left' } }])
  expect(await emulated(`check-runs/${data.id}`)).toMatchObject({ status: 'completed', conclusion: 'failure', head_sha: sha })
  const comment = await rest.issues.createComment({ ...place, issue_number: 1, body: 'hello' })
  expect(await emulated(`issues/comments/${comment.data.id}`)).toMatchObject({ body: 'hello', user: { login: 'github-actions[bot]' } })
  const release = await rest.repos.createRelease({ ...place, tag_name: 'v2', body: 'notes' })
  expect(await emulated('releases/tags/v2')).toMatchObject({ id: release.data.id, body: 'notes' })
  expect(hub.violations).toEqual([])
  expect(hub.wrongAnswers).toEqual([])
})

test('an answer that GitHub would not give is seen', async () => {
  await using wrong = await openHub({ shims: { 'GET /user': () => ({ status: 200, body: { login: 'octocat' } }) } })
  const person = new Octokit({ baseUrl: wrong.apiUrl, auth: wrong.userToken('octocat') })
  await person.rest.users.getAuthenticated()
  expect(wrong.wrongAnswers).toMatchObject([{ path: '/user', problems: expect.arrayContaining([expect.stringContaining("'id'")]) }])
})
