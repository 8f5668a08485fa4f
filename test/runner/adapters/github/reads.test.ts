import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  downloadArtifact,
  earlierArtifacts,
  mayWrite,
  mergeBase,
  ownLogin,
  readFile as readText,
  runArtifacts,
  workflowRun,
} from '../../../../runner/adapters/github/github.ts'
import { openArtifacts } from '../../../support/github/artifacts.ts'
import { type Desk, openDesk, repo } from './desk.ts'
import { uploader } from './uploader.ts'

let desk: Desk
let token: string
let artifacts: Awaited<ReturnType<typeof openArtifacts>>
let folder: string
beforeAll(async () => {
  artifacts = await openArtifacts()
  desk = await openDesk({ artifacts })
  token = await desk.jobToken(repo)
  folder = await mkdtemp(join(tmpdir(), 'proctor-reads-'))
})
afterAll(async () => {
  expect(desk.violations).toEqual([])
  await desk[Symbol.asyncDispose]()
  await artifacts[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
const github = () => desk.client(token)

const upload: ReturnType<typeof uploader> = (...given) => uploader(artifacts)(...given)

describe('what GitHub says of commits and people', () => {
  test('the merge base is where a change branched off, whatever came to main since', async () => {
    const base = desk.main
    const { sha } = await desk.pull()
    desk.repository.branch('main')
    await desk.repository.commit({ 'later.txt': 'later' })
    const { after } = await desk.repository.push('main')
    expect(await mergeBase(github(), repo, after, sha)).toBe(base)
    await expect(mergeBase(github(), repo, 'a'.repeat(40), sha)).rejects.toMatchObject({
      code: 'github_refused',
      message: expect.stringContaining('GitHub answered 404 to GET /repos/acme/agents/compare/'),
    })
  })

  test('the merge base of histories that have nothing in common is the base itself', async () => {
    const { git } = desk.repository
    git('checkout', '--quiet', '--orphan', 'stranger')
    const sha = await desk.repository.commit({ 'alone.txt': 'alone' })
    await desk.repository.push('stranger')
    expect(await mergeBase(github(), repo, desk.main, sha)).toBe(desk.main)
    git('checkout', '--quiet', '--force', 'main')
  })

  test('a file that GitHub hands out no more says how large it is', async () => {
    const body = { type: 'file', encoding: 'none', size: 2_000_000, content: '', name: 'big', path: 'big', sha: desk.main }
    const over = desk.fault(({ path }) => (path.endsWith('/contents/big') ? { instead: { status: 200, body } } : undefined))
    await expect(readText(github(), repo, 'big')).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('2000000'),
    })
    over()
  })

  test('who may write is who has the role', async () => {
    await desk.allow('stranger', repo, 'triage')
    const may = (login: string) => mayWrite(github(), repo, login)
    expect(await may('octocat')).toBe(true)
    expect(await may('stranger')).toBe(false)
    expect(await may('member')).toBe(false)
    await desk.allow('member', repo, 'maintain')
    expect(await may('member')).toBe(true)
    expect(await may('nobody-of-this-name')).toBe(false)
    expect(await may('')).toBe(false)
    expect(await may('../../octocat')).toBe(false)
  })

  test.each(['admin', 'maintain', 'write', 'triage', 'read', 'none', 'a-role-of-ours'])('the role %s', async (role_name) => {
    const permission =
      { admin: 'admin', maintain: 'write', write: 'write', triage: 'read' }[role_name] ?? (role_name === 'none' ? 'none' : 'read')
    const done = desk.fault(({ route }) =>
      route.endsWith('/permission') ? { instead: { status: 200, body: { permission, role_name, user: null } } } : undefined,
    )
    expect(await mayWrite(github(), repo, 'somebody')).toBe(['admin', 'maintain', 'write'].includes(role_name))
    done()
  })

  test('we are the App of our check runs, else a person, else the job', async () => {
    expect(await ownLogin(github(), { app: 'acme-proctor' })).toBe('acme-proctor[bot]')
    expect(await ownLogin(desk.client(desk.userToken('member')), { app: undefined })).toBe('member')
    expect(await ownLogin(github(), { app: undefined })).toBe('github-actions[bot]')
    await expect(ownLogin(desk.client('ghs_of_nobody'), { app: undefined })).rejects.toMatchObject({ code: 'github_refused' })
  })
})

describe('a workflow run', () => {
  test("has the pull requests whose head it is at, a fork's too, and none whose head went on", async () => {
    const { sha, number } = await desk.pull()
    const headBranch = desk.repository.git('branch', '--show-current')
    desk.workflowRun({ repo, id: 501, headSha: sha, headBranch, event: 'pull_request' })
    expect(await workflowRun(github(), repo, 501)).toEqual({
      event: 'pull_request',
      headSha: sha,
      headBranch,
      pulls: [number],
      isOwn: true,
    })
    await desk.repository.commit({ 'more.txt': 'more' })
    await desk.repository.push()
    expect(await workflowRun(github(), repo, 501)).toMatchObject({ headSha: sha, pulls: [] })

    const fork = await desk.pullOfFork('theirs')
    desk.workflowRun({ repo, id: 502, headSha: fork.sha, headBranch: 'theirs', headRepo: 'stranger/agents', event: 'pull_request' })
    expect(await workflowRun(github(), repo, 502)).toMatchObject({ headSha: fork.sha, pulls: [fork.number], isOwn: false })
    desk.workflowRun({ repo, id: 503, headSha: sha, headBranch, event: 'push' })
    expect(await workflowRun(github(), repo, 503)).toMatchObject({ event: 'push', pulls: [] })
  })
})

describe('artifacts', () => {
  test('of one workflow run, newest first, beyond the first page', async () => {
    desk.workflowRun({ repo, id: 601, headSha: desk.main, headBranch: 'main' })
    const ids = []
    for (let at = 0; at < 101; at++) ids.push(await upload(601, `proctor-shard-${at}`))
    const found = await runArtifacts(github(), repo, 601)
    expect(found.map(({ id }) => id)).toEqual(ids.toReversed())
    expect(found[0]).toEqual({ id: ids[100], name: 'proctor-shard-100', bytes: 7 })
  })

  test('of earlier runs count only when the default branch made them', async () => {
    const { sha } = await desk.pull()
    const name = 'proctor-records'
    const older = desk.repository.git('rev-parse', 'main')
    const run = async (id: number, more: object = {}) => {
      desk.workflowRun({ repo, id, headSha: older, headBranch: 'main', event: 'push', ...more })
      return upload(id, name)
    }
    const [push, nightly, byHand] = [await run(701), await run(702, { event: 'schedule' }), await run(703, { event: 'workflow_dispatch' })]
    await run(704, { event: 'pull_request' })
    await run(705, { headRepo: 'stranger/agents', event: 'pull_request' })
    await run(706, { headRepo: 'stranger/agents' })
    await run(707, { headBranch: 'change-1' })
    await run(708, { event: 'pull_request_target' })
    await run(709, { event: 'workflow_run' })
    // A tag that is called main, on a commit that main does not have.
    await run(710, { headSha: sha })
    await upload(701, 'proctor-records-of-another')
    const of = (most: number) => earlierArtifacts(github(), repo, { name, branch: 'main', most })
    expect(await of(10)).toEqual([byHand, nightly, push].map((id) => ({ id, sha: older })))
    expect(await of(1)).toEqual([{ id: byHand, sha: older }])
    expect(await earlierArtifacts(github(), repo, { name, branch: 'release', most: 3 })).toEqual([])
  })
})

describe('an artifact is downloaded', () => {
  const file = () => join(folder, 'artifact.zip')

  test('without the token, into a file of our own', async () => {
    desk.workflowRun({ repo, id: 801, headSha: desk.main, headBranch: 'main' })
    const id = await upload(801, 'proctor-records', 'the bytes')
    await downloadArtifact(github(), repo, id, file(), 100)
    expect(await readFile(file(), 'utf8')).toBe('the bytes')
    expect((await stat(file())).mode & 0o777).toBe(0o600)
  })

  test('up to a size, and nothing is left of one that is larger or gone', async () => {
    desk.workflowRun({ repo, id: 802, headSha: desk.main, headBranch: 'main' })
    const id = await upload(802, 'proctor-records', 'x'.repeat(5000))
    await rm(file(), { force: true })
    await expect(downloadArtifact(github(), repo, id, file(), 4999)).rejects.toMatchObject({ code: 'event_unsupported' })
    await expect(downloadArtifact(github(), repo, 987654, file(), 4999)).rejects.toMatchObject({ code: 'github_refused' })
    await expect(stat(file())).rejects.toThrow('ENOENT')
  })

  test('again when its storage fails or breaks off, and its address is in no error', async () => {
    const asked: (string | undefined)[] = []
    const storage = createServer((request, response) => {
      asked.push(request.headers.authorization)
      if (asked.length === 1) return response.writeHead(503).end()
      response.writeHead(200, { 'content-length': 9 })
      if (asked.length === 2 || asked.length > 3) return response.write('the', () => response.destroy())
      return response.end('the bytes')
    })
    await new Promise<void>((ready) => storage.listen(0, '127.0.0.1', ready))
    const address = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/blob?sig=very-secret`
    const done = desk.fault(({ route }) =>
      route.includes('{archive_format}') ? { instead: { status: 302, headers: { location: address } } } : undefined,
    )
    await downloadArtifact(github(), repo, 1, file(), 100)
    expect(await readFile(file(), 'utf8')).toBe('the bytes')
    expect(asked).toEqual([undefined, undefined, undefined])
    const error: unknown = await downloadArtifact(github(), repo, 1, file(), 100).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'github_failed' })
    expect(String(error)).not.toContain('very-secret')
    done()
    storage.close()
  })
})
