import { Octokit } from '@octokit/rest'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHub } from '../support/github/hub.ts'

const place = { owner: 'acme', repo: 'agents' }
const hub = await openHub()
const repo = await hub.repository('acme/agents')
const base = await repo.commit({ 'agent.yaml': 'name: a\n', 'deep/er/file.txt': 'x', 'gone.txt': 'x\n' })
await repo.push()
const fork = await hub.repository('stranger/agents', { forkOf: 'acme/agents' })
const as = (auth: string) => new Octokit({ baseUrl: hub.apiUrl, auth }).rest
const job = as(await hub.jobToken('acme/agents'))
const person = as(hub.userToken('octocat'))
const stranger = as(hub.userToken('stranger'))

afterAll(async () => {
  await hub[Symbol.asyncDispose]()
})

// Whatever else a test is about: nobody asks what GitHub does not know, nothing is answered that GitHub would not.
let [asked, answered] = [0, 0]
afterEach(() => {
  const fresh = { violations: hub.violations.slice(asked), wrongAnswers: hub.wrongAnswers.slice(answered) }
  ;[asked, answered] = [hub.violations.length, hub.wrongAnswers.length]
  expect(fresh).toEqual({ violations: [], wrongAnswers: [] })
})

describe('pull requests', () => {
  let first = ''
  beforeAll(async () => {
    repo.branch('better')
    first = await repo.commit({ 'agent.yaml': 'name: b\n', 'gone.txt': null, 'new file.txt': 'y\n' })
    await repo.push()
    await repo.open({ head: 'better' })
    fork.git('pull', '--quiet', repo.bare, 'main')
    fork.branch('theirs')
    await fork.commit({ 'theirs.txt': 'z' })
    await fork.push()
    await repo.open({ head: 'stranger:theirs' }, 'stranger')
  })

  test('say what git says of them, also after a push', async () => {
    const { data } = await job.pulls.get({ ...place, pull_number: 1 })
    expect(data).toMatchObject({ head: { sha: first }, base: { sha: base }, commits: 1, changed_files: 3, mergeable: true })
    expect(data.merge_commit_sha).toBe(repo.git('ls-remote', repo.bare, 'refs/pull/1/merge').split('\t')[0])
    const second = await repo.commit({ 'agent.yaml': 'name: c\n' })
    await repo.push()
    expect((await job.pulls.get({ ...place, pull_number: 1 })).data).toMatchObject({ head: { sha: second, ref: 'better' }, commits: 2 })
    const { data: files } = await job.pulls.listFiles({ ...place, pull_number: 1 })
    expect(files.map(({ filename, status }) => [filename, status])).toEqual([
      ['agent.yaml', 'modified'],
      ['gone.txt', 'removed'],
      ['new file.txt', 'added'],
    ])
    expect((await job.pulls.listCommits({ ...place, pull_number: 1 })).data.map(({ sha }) => sha)).toEqual([first, second])
    const { data: of } = await job.repos.listPullRequestsAssociatedWithCommit({ ...place, commit_sha: first })
    expect(of.map(({ number }) => number)).toEqual([1])
    const diff = await job.pulls.get({ ...place, pull_number: 1, mediaType: { format: 'diff' } })
    expect(String(diff.data)).toContain('+name: c')
  })

  test('may come from a fork', async () => {
    const { data } = await person.pulls.list({ ...place, state: 'open' })
    expect(
      data.map(({ number, head, user, author_association: who }) => [number, head.label, head.repo?.full_name, user?.login, who]),
    ).toEqual([
      [2, 'stranger:theirs', 'stranger/agents', 'stranger', 'NONE'],
      [1, 'acme:better', 'acme/agents', 'octocat', 'MEMBER'],
    ])
    const { data: compared } = await job.repos.compareCommitsWithBasehead({ ...place, basehead: 'main...stranger:theirs' })
    expect(compared).toMatchObject({ status: 'ahead', ahead_by: 1, merge_base_commit: { sha: base }, files: [{ filename: 'theirs.txt' }] })
  })

  test('a commit and its tree can be had, as a tarball too', async () => {
    const { data } = await job.repos.getCommit({ ...place, ref: 'better' })
    expect(data.files?.map(({ filename }) => filename)).toEqual(['agent.yaml'])
    const sha = await job.repos.getCommit({ ...place, ref: 'main', mediaType: { format: 'sha' } })
    expect(sha.data).toBe(base)
    const { data: file } = await job.repos.getContent({ ...place, path: 'deep/er/file.txt', ref: base })
    expect(Buffer.from((file as { content: string }).content, 'base64').toString()).toBe('x')
    const tarball = await job.repos.downloadTarballArchive({ ...place, ref: 'main' })
    expect(Buffer.from(tarball.data as ArrayBuffer).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
    expect((await job.repos.getBranch({ ...place, branch: 'better' })).data).toMatchObject({ name: 'better', commit: { sha: data.sha } })
    await expect(job.repos.getBranch({ ...place, branch: 'none' })).rejects.toMatchObject({ status: 404 })
    const { data: root } = await job.repos.getContent({ ...place, path: '' })
    expect((root as readonly { name: string }[]).map(({ name }) => name)).toContain('agent.yaml')
    await job.git.getTree({ ...place, tree_sha: data.commit.tree.sha, recursive: 'true' })
  })
})

test('check runs keep what they were told: whose they are, buttons, all annotations', async () => {
  const annotation = (line: number) => ({
    path: 'agent.yaml',
    start_line: line,
    end_line: line,
    annotation_level: 'failure' as const,
    message: 'no',
    title: 't',
  })
  const output = (from: number) => ({ title: 't', summary: 's', annotations: Array.from({ length: 40 }, (_, at) => annotation(from + at)) })
  const { data } = await job.checks.create({ ...place, name: 'proctor', head_sha: base, external_id: 'a:1', output: output(1) })
  expect(data).toMatchObject({ status: 'queued', app: { slug: 'github-actions', id: 15368 }, output: { annotations_count: 40 } })
  await job.checks.update({ ...place, check_run_id: data.id, conclusion: 'failure', output: output(41) })
  const pages = [1, 2].map((page) => job.checks.listAnnotations({ ...place, check_run_id: data.id, per_page: 50, page }))
  expect((await Promise.all(pages)).flatMap((page) => page.data).map((one) => one.start_line)).toEqual(
    Array.from({ length: 80 }, (_, at) => at + 1),
  )
  const again = await job.checks.create({ ...place, name: 'proctor', head_sha: base, conclusion: 'neutral', external_id: 'a:2' })
  expect(again.data).toMatchObject({ status: 'completed', conclusion: 'neutral' })
  const ids = async (filter: 'all' | 'latest', more = {}) =>
    (await job.checks.listForRef({ ...place, ref: 'main', filter, ...more })).data.check_runs.map(({ id }) => id)
  expect(await ids('all')).toEqual([again.data.id, data.id])
  expect(await ids('latest')).toEqual([again.data.id])
  expect(await ids('all', { app_id: 1 })).toEqual([])
  expect(await hub.checkRuns('acme/agents', base)).toHaveLength(2)
  await expect(job.checks.create({ ...place, name: 'x', head_sha: 'f'.repeat(40) })).rejects.toThrow(/No commit found/)
  await expect(person.checks.create({ ...place, name: 'x', head_sha: base })).rejects.toThrow(/authenticate via a GitHub App/)
  const app = as(await hub.installationToken('acme'))
  await expect(app.checks.update({ ...place, check_run_id: data.id, conclusion: 'success' })).rejects.toThrow(/Invalid app_id/)
  await job.checks.get({ ...place, check_run_id: data.id })
})

test('a suite holds the check runs of a commit, which may be asked for again', async () => {
  const { data } = await job.checks.listSuitesForRef({ ...place, ref: base })
  expect(data).toMatchObject({
    total_count: 1,
    check_suites: [{ head_sha: base, latest_check_runs_count: 1, app: { slug: 'github-actions' } }],
  })
  const suite = { ...place, check_suite_id: data.check_suites[0]?.id ?? 0 }
  expect((await job.checks.getSuite(suite)).data.head_commit.id).toBe(base)
  const { data: runs } = await job.checks.listForSuite(suite)
  await job.checks.rerequestRun({ ...place, check_run_id: runs.check_runs[0]?.id ?? 0 })
  await job.checks.rerequestSuite(suite)
  expect((await job.checks.listForSuite(suite)).data.check_runs.map(({ status }) => status)).toEqual(['queued'])
})

test('comments and reactions have authors', async () => {
  const { data } = await job.issues.createComment({ ...place, issue_number: 1, body: 'one' })
  await stranger.issues.createComment({ ...place, issue_number: 1, body: 'two' })
  await job.issues.updateComment({ ...place, comment_id: data.id, body: 'three' })
  const { data: all } = await job.issues.listComments({ ...place, issue_number: 1, per_page: 100 })
  expect(all.map(({ body, user, author_association: who }) => [body, user?.login, user?.type, who])).toEqual([
    ['three', 'github-actions[bot]', 'Bot', 'NONE'],
    ['two', 'stranger', 'User', 'NONE'],
  ])
  const eyes = { ...place, comment_id: data.id, content: 'eyes' as const }
  const added = await job.reactions.createForIssueComment(eyes)
  const twice = await job.reactions.createForIssueComment(eyes)
  await person.reactions.createForIssueComment(eyes)
  expect([added.status, twice.status]).toEqual([201, 200])
  expect(await job.reactions.listForIssueComment(eyes)).toMatchObject({
    data: [{ user: { login: 'github-actions[bot]' } }, { user: { login: 'octocat' } }],
  })
  await job.reactions.deleteForIssueComment({ ...place, comment_id: data.id, reaction_id: added.data.id })
  expect((await job.reactions.listForIssueComment(eyes)).data).toHaveLength(1)
  await job.repos.createCommitComment({ ...place, commit_sha: base, body: 'on a commit' })
  expect((await job.repos.listCommentsForCommit({ ...place, commit_sha: base })).data).toHaveLength(1)
  await job.issues.deleteComment({ ...place, comment_id: data.id })
  expect(await hub.comments('acme/agents', 1)).toMatchObject([{ body: 'two' }])
})

test('tags, refs and releases are of one piece', async () => {
  const tagged = await repo.tag('v1', { at: base, message: 'annotated' })
  const { data: ref } = await job.git.getRef({ ...place, ref: 'tags/v1' })
  expect(ref.object).toMatchObject({ sha: tagged.after, type: 'tag' })
  expect((await job.git.getTag({ ...place, tag_sha: tagged.after })).data).toMatchObject({
    tag: 'v1',
    message: 'annotated',
    object: { sha: base, type: 'commit' },
  })
  await job.git.createRef({ ...place, ref: 'refs/heads/made', sha: base })
  await job.git.updateRef({
    ...place,
    ref: 'heads/made',
    sha: ref.object.sha === base ? base : (await job.repos.getCommit({ ...place, ref: 'better' })).data.sha,
  })
  expect(repo.git('ls-remote', repo.bare, 'refs/heads/made')).not.toContain(base)
  await job.git.deleteRef({ ...place, ref: 'heads/made' })
  expect((await job.git.listMatchingRefs({ ...place, ref: 'heads/' })).data.map((one) => one.ref)).toEqual([
    'refs/heads/better',
    'refs/heads/main',
  ])

  const { data: release } = await job.repos.createRelease({ ...place, tag_name: 'v1', name: 'One', body: 'notes' })
  await expect(job.repos.createRelease({ ...place, tag_name: 'v1' })).rejects.toThrow(/already_exists/)
  await job.repos.createRelease({ ...place, tag_name: 'v2', target_commitish: 'better' })
  expect(repo.git('ls-remote', repo.bare, 'refs/tags/v2')).toContain('refs/tags/v2')
  await job.repos.updateRelease({ ...place, release_id: release.id, body: 'more', prerelease: true })
  const asset = {
    ...place,
    release_id: release.id,
    name: 'a report.html',
    data: Buffer.from('<p>') as unknown as string,
    headers: { 'content-type': 'text/html' },
  }
  await job.repos.uploadReleaseAsset({ ...asset, baseUrl: release.upload_url.split('/repos')[0] ?? '' })
  await expect(job.repos.uploadReleaseAsset({ ...asset, baseUrl: release.upload_url.split('/repos')[0] ?? '' })).rejects.toThrow(
    /already_exists/,
  )
  const { data: found } = await job.repos.getReleaseByTag({ ...place, tag: 'v1' })
  expect(found).toMatchObject({ body: 'more', prerelease: true, assets: [{ name: 'a.report.html', size: 3, content_type: 'text/html' }] })
  const { data: bytes } = await job.repos
    .getReleaseAsset({ ...place, asset_id: found.assets[0]?.id ?? 0, headers: { accept: 'application/octet-stream' } })
    .catch(({ message }) => ({ data: message }))
  // The client follows the redirect with its token still on, and the signed address refuses it, as storage does.
  expect(String(bytes)).toContain('only one way')
  await job.repos.listReleaseAssets({ ...place, release_id: release.id })
  expect((await hub.releases('acme/agents')).map(({ tag_name: tag }) => tag)).toEqual(expect.arrayContaining(['v1', 'v2']))
})

test('the API can commit, and git has it', async () => {
  const content = Buffer.from('by the API').toString('base64')
  const { data } = await person.repos.createOrUpdateFileContents({
    ...place,
    path: 'api.txt',
    message: 'by the API',
    content,
    branch: 'better',
  })
  expect(repo.git('ls-remote', repo.bare, 'refs/heads/better')).toContain(data.commit.sha)
  expect((await person.pulls.get({ ...place, pull_number: 1 })).data.head.sha).toBe(data.commit.sha)
  const { data: blob } = await person.git.createBlob({ ...place, content: 'loose', encoding: 'utf-8' })
  const tree = await person.git.createTree({
    ...place,
    base_tree: data.commit.sha === undefined ? '' : (await person.git.getCommit({ ...place, commit_sha: data.commit.sha })).data.tree.sha,
    tree: [{ path: 'loose.txt', mode: '100644', type: 'blob', sha: blob.sha }],
  })
  const commit = await person.git.createCommit({ ...place, message: 'loose', tree: tree.data.sha, parents: [data.commit.sha ?? ''] })
  await person.git.createRef({ ...place, ref: 'refs/heads/loose', sha: commit.data.sha })
  repo.git('fetch', '--quiet', repo.bare, 'loose')
  expect(repo.git('show', 'FETCH_HEAD:loose.txt')).toBe('loose')
})
