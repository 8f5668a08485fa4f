import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRelease } from '../../../../runner/adapters/github/github.ts'
import type { Report } from '../../../../runner/domain/report.ts'
import { parseMarker } from '../../../../runner/report/github/marker.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import { type Desk, openDesk, placeOf, repo } from './desk.ts'

let desk: Desk
let token: string
let folder: string
let passing: Report
let failing: Report
beforeAll(async () => {
  desk = await openDesk()
  token = await desk.jobToken(repo)
  folder = await mkdtemp(join(tmpdir(), 'proctor-release-'))
  passing = (await fakeReport(memoryBlobs(), { stories: ['pass'] })).report
  failing = (await fakeReport(memoryBlobs(), { stories: ['tests-fail'] })).report
})
afterAll(async () => {
  expect(desk.violations).toEqual([])
  await desk[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const own = { owner: 'acme', repo: 'agents' }
const api = () => desk.client(desk.userToken('octocat')).api.rest.repos
async function released(tag: string, body = 'What is new: everything.') {
  await desk.repository.tag(tag, { at: 'main' })
  return (await api().createRelease({ ...own, tag_name: tag, body })).data
}
type Given = {
  readonly tag: string
  readonly onFailure?: 'comment' | 'prerelease' | 'nothing'
  readonly said?: string[]
  readonly as?: string
  readonly report?: string
}
async function show(
  report: Report,
  { tag, onFailure = 'comment', said = [], as = token, report: html = '<p>report</p>' }: Given,
): Promise<void> {
  const reportFile = join(folder, 'report.html')
  await writeFile(reportFile, html)
  const publisher = openRelease({
    github: desk.client(as),
    repo,
    tag,
    sha: desk.main,
    onFailure,
    place: placeOf(desk.main),
    reportFile,
    key: 'proctor',
    order: [desk.requests.length, 1],
    author: async () => 'github-actions[bot]',
    log: (line) => void said.push(line),
  })
  await publisher.publish(report)
}
const release = async (tag: string) => (await api().getReleaseByTag({ ...own, tag })).data
const commitComments = async (tag: string) =>
  (await api().listCommentsForCommit({ ...own, commit_sha: desk.main })).data.filter(
    ({ body }) => parseMarker(body)?.key === `proctor release ${tag}`,
  )

describe('a release', () => {
  test('gets the verdict into its notes and the report attached, each once, however often it is examined', async () => {
    await released('v1.0.0')
    await show(passing, { tag: 'v1.0.0' })
    const { body, assets, prerelease } = await release('v1.0.0')
    expect(body).toMatch(/^What is new: everything\.\n\n<!-- proctor:begin/)
    expect(assets.map(({ name, label, size }) => [name, label, size])).toEqual([['proctor-report.html', 'Report of proctor', 13]])
    expect(prerelease).toBe(false)
    const at = desk.requests.length
    await show(passing, { tag: 'v1.0.0' })
    expect(desk.since(at).filter((route) => !route.startsWith('GET'))).toEqual([])
    await show(failing, { tag: 'v1.0.0', onFailure: 'nothing', report: '<p>another report</p>' })
    const after = await release('v1.0.0')
    expect(after.body?.match(/proctor:begin/g)).toHaveLength(1)
    expect(after.body).not.toBe(body)
    expect(after.assets.map(({ name, size }) => [name, size])).toEqual([['proctor-report.html', 21]])
  })

  test('keeps an asset that somebody else attached under our name', async () => {
    const { id, upload_url: url } = await released('v1.1.0')
    await api().uploadReleaseAsset({
      ...own,
      release_id: id,
      url,
      name: 'proctor-report.html',
      data: 'theirs',
      headers: { 'content-type': 'text/html' },
    })
    const said: string[] = []
    await show(passing, { tag: 'v1.1.0', said })
    expect((await release('v1.1.0')).assets.map(({ size }) => size)).toEqual([6])
    expect(said).toEqual([expect.stringContaining('not ours')])
  })

  test('whose gate is not met: a comment on the commit, kept up to date; or a prerelease; or nothing', async () => {
    await released('v2.0.0')
    await show(failing, { tag: 'v2.0.0' })
    await show(failing, { tag: 'v2.0.0' })
    const [comment, ...others] = await commitComments('v2.0.0')
    expect([comment?.body.includes('❌'), others]).toEqual([true, []])
    await show(passing, { tag: 'v2.0.0' })
    expect((await commitComments('v2.0.0')).map(({ id, body }) => [id, body.includes('✅')])).toEqual([[comment?.id, true]])
    expect((await release('v2.0.0')).prerelease).toBe(false)

    await released('v2.1.0')
    await show(failing, { tag: 'v2.1.0', onFailure: 'prerelease' })
    expect((await release('v2.1.0')).prerelease).toBe(true)
    await released('v2.2.0')
    await show(failing, { tag: 'v2.2.0', onFailure: 'nothing' })
    expect((await release('v2.2.0')).prerelease).toBe(false)
    await show(passing, { tag: 'v2.2.0' })
    expect(await commitComments('v2.1.0')).toEqual([])
    expect(await commitComments('v2.2.0')).toEqual([])
  })

  test('that does not exist gets nothing, and that is said', async () => {
    const said: string[] = []
    await show(passing, { tag: 'v3.0.0', said })
    expect(said).toEqual(['there is no release v3.0.0, so check runs alone have the verdict'])
  })

  test('is left alone with a word where the token may not change it', async () => {
    const { body } = await released('v4.0.0')
    const said: string[] = []
    await show(failing, { tag: 'v4.0.0', said, as: await desk.jobToken(repo, { permissions: { contents: 'read' } }) })
    expect((await release('v4.0.0')).body).toBe(body)
    expect(said).toHaveLength(3)
    for (const line of said) expect(line).toContain('`contents: write`')
  })

  test('with notes that leave no room keeps them, and gets the rest of it', async () => {
    const { body } = await released('v5.0.0', 'a'.repeat(60_000))
    const said: string[] = []
    const done = desk.fault(({ method, json }) =>
      method === 'PATCH' && 'body' in json ? { instead: { status: 422, body: { message: 'body is too long' } } } : undefined,
    )
    await show(failing, { tag: 'v5.0.0', onFailure: 'prerelease', said })
    done()
    expect(said).toHaveLength(2)
    expect(await release('v5.0.0')).toMatchObject({ body, prerelease: true, assets: [{ name: 'proctor-report.html' }] })
  })
})
