import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { downloadArtifact, mergeBase, openChecks, openComment, openRelease, ownLogin } from '../../../../runner/adapters/github/github.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import type { Artifacts } from '../../../support/github/artifacts.ts'
import { openArtifacts } from '../../../support/github/artifacts.ts'
import { type Desk, openDesk, placeOf, repo } from './desk.ts'
import { uploader } from './uploader.ts'

let desk: Desk
let artifacts: Artifacts
let folder: string
beforeAll(async () => {
  artifacts = await openArtifacts()
  desk = await openDesk({ prefix: '/api/v3', artifacts })
  folder = await mkdtemp(join(tmpdir(), 'proctor-enterprise-'))
})
afterAll(async () => {
  await desk[Symbol.asyncDispose]()
  await artifacts[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

test('an Enterprise Server is reached by the address of its API alone', async () => {
  const said: string[] = []
  const log = (line: string) => void said.push(line)
  const github = desk.client(await desk.jobToken(repo), { said })
  const { sha, number } = await desk.pull()
  const { plan, report } = await fakeReport(memoryBlobs(), { stories: ['tests-fail'] })
  const place = placeOf(sha)
  expect(await mergeBase(github, repo, desk.main, sha)).toBe(desk.main)

  const checks = openChecks({
    github,
    repo,
    sha,
    externalId: 'proctor:1.1',
    place,
    read: async () => undefined,
    files: new Set(),
    log,
    name: 'proctor',
  })
  await checks.begin(plan.batches)
  await checks.publish(report)
  expect((await desk.checkRuns(repo, sha)).map(({ conclusion }) => conclusion)).toEqual(['failure', 'failure'])

  const author = () => ownLogin(github, checks)
  const comment = { github, repo, pull: number, key: 'proctor', mode: 'changes', place, author, log } as const
  await openComment({ ...comment, order: [1, 1] }).publish(report)
  await openComment({ ...comment, order: [2, 1] }).publish({ ...report, warnings: ['something else'] })
  expect(await desk.comments(repo, number)).toHaveLength(1)

  await desk.repository.tag('v1.0.0', { at: 'main' })
  const keeper = desk.client(desk.userToken('octocat')).api.rest.repos
  await keeper.createRelease({ owner: 'acme', repo: 'agents', tag_name: 'v1.0.0' })
  await writeFile(join(folder, 'report.html'), '<p>report</p>')
  const release = {
    github,
    repo,
    tag: 'v1.0.0',
    sha: desk.main,
    onFailure: 'prerelease',
    place,
    reportFile: join(folder, 'report.html'),
  } as const
  await openRelease({ ...release, log }).publish(report)
  const { data } = await keeper.getReleaseByTag({ owner: 'acme', repo: 'agents', tag: 'v1.0.0' })
  expect(data).toMatchObject({ prerelease: true, assets: [{ name: 'proctor-report.html', size: 13 }] })

  desk.workflowRun({ repo, id: 1, headSha: desk.main, headBranch: 'main' })
  const file = join(folder, 'artifact.zip')
  await downloadArtifact(github, repo, await uploader(artifacts)(1, 'proctor-records', 'the bytes'), file, 100)
  expect(await readFile(file, 'utf8')).toBe('the bytes')
  expect(said).toEqual([])
  expect(desk.violations).toEqual([])
})
