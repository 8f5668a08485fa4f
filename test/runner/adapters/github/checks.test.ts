import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Checks, openChecks } from '../../../../runner/adapters/github/checks/checks.ts'
import { closeChecks } from '../../../../runner/adapters/github/github.ts'
import { ProctorError } from '../../../../runner/domain/error.ts'
import { buildReport } from '../../../../runner/report/build-report.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { fakeReport } from '../../../fakes/reports.ts'
import { faults, first } from '../../../support/github/faults.ts'
import { type Desk, openDesk, placeOf, repo } from './desk.ts'

let desk: Desk
let token: string
beforeAll(async () => {
  desk = await openDesk()
  token = await desk.jobToken(repo)
})
afterAll(async () => {
  expect(desk.violations).toEqual([])
  await desk[Symbol.asyncDispose]()
})

type Given = {
  readonly sha: string
  readonly attempt?: string
  readonly said?: string[]
  readonly progressMs?: number
  readonly as?: string
  readonly files?: readonly string[]
}
const opened = ({ sha, attempt = '1001.1', said = [], as = token, files = [], progressMs = 15_000 }: Given): Checks =>
  openChecks({
    github: desk.client(as),
    repo,
    sha,
    externalId: `proctor:${attempt}`,
    place: placeOf(sha),
    read: async () => undefined,
    files: new Set(files),
    log: (line) => void said.push(line),
    name: 'proctor',
    progressMs,
  })
const shown = async (sha: string) => (await desk.checkRuns(repo, sha)).map(({ name, status, conclusion }) => [name, conclusion ?? status])
const broken = new ProctorError('dataset_invalid', 'row 3 has no user', { place: { file: 'evals/parser.csv', line: 3 } })

describe('check runs of a plan', () => {
  test('are created in progress under their names, and completed with what the report says', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs(), { evals: ['parser', 'writer'] })
    const checks = opened({ sha })
    await checks.begin(plan.batches)
    expect(await shown(sha)).toEqual([
      ['proctor', 'in_progress'],
      ['proctor / fixer / parser', 'in_progress'],
      ['proctor / fixer / writer', 'in_progress'],
    ])
    expect(checks.open).toHaveLength(3)
    await checks.publish(report)
    expect(await shown(sha)).toEqual([
      ['proctor', report.conclusion],
      ['proctor / fixer / parser', report.batches[0]?.conclusion],
      ['proctor / fixer / writer', report.batches[1]?.conclusion],
    ])
    expect(checks.open).toEqual([])
    expect(checks).toMatchObject({ refused: false, app: 'github-actions' })
    expect(checks.url).toMatch(/^http/)
  })

  test('of an eval that the change brings itself say so, and are never worse than neutral', async () => {
    const sha = await desk.commit()
    const { plan, results } = await fakeReport(memoryBlobs(), { stories: ['tests-fail'] })
    const [batch] = plan.batches
    if (!batch) throw new Error('no batch')
    const proposing = { ...plan, batches: [batch, { ...batch, proposed: true }] }
    const report = buildReport(proposing, results, { version: '0.1.0', now: new Date() })
    const checks = opened({ sha })
    await checks.begin(proposing.batches)
    await checks.publish(report)
    expect(await shown(sha)).toEqual([
      ['proctor', 'failure'],
      ['proctor / fixer / parser', 'failure'],
      ['proctor / fixer / parser (proposed)', 'neutral'],
    ])
  })

  test('show progress, seldom, and none after the result', async () => {
    const sha = await desk.commit()
    const { plan, results, report } = await fakeReport(memoryBlobs(), { samples: 6 })
    const part = (count: number) => buildReport(plan, results.slice(0, count), { version: '0.1.0', now: new Date(), live: true })
    const checks = opened({ sha, progressMs: 1_000_000 })
    await checks.begin(plan.batches)
    const at = desk.requests.length
    await checks.publish(part(4))
    expect(desk.requests.at(-1)?.json).toMatchObject({ output: { title: expect.stringContaining('4 of 6') } })
    expect(desk.requests.at(-1)?.json).not.toHaveProperty('status')
    await checks.publish(part(5))
    expect(desk.since(at)).toHaveLength(1)
    await checks.publish(report)
    await checks.publish(part(5))
    expect(desk.since(at)).toHaveLength(3)
    expect((await shown(sha)).map(([, conclusion]) => conclusion)).toEqual([report.conclusion, report.conclusion])
  })

  test('are completed first, then get the annotations that one request does not hold', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs(), { stories: Array(120).fill('tests-fail'), evals: ['parser', 'writer'] })
    const checks = opened({ sha, files: ['evals/parser.csv', 'evals/writer.csv'] })
    await checks.begin(plan.batches)
    const at = desk.requests.length
    await checks.publish(report)
    const sizes = desk.requests.slice(at).map(({ json }) => (json.output as { annotations?: unknown[] }).annotations?.length)
    expect(sizes).toEqual([50, 50, undefined, 50, 20, 50, 20])
    expect((await shown(sha)).map(([, conclusion]) => conclusion)).toEqual(['failure', 'failure', 'failure'])
    await checks.publish({ ...report, revision: report.revision + 1 })
    expect(desk.since(at + 7), 'it says that already').toEqual([])
    await opened({ sha, files: ['evals/parser.csv', 'evals/writer.csv'] }).publish(report)
    expect(desk.since(at + 7)).toEqual([
      'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
      ...Array(3).fill('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}'),
    ])
    expect(desk.requests.slice(at + 8).map(({ json }) => (json.output as { annotations?: unknown[] }).annotations)).toEqual(
      Array(3).fill(undefined),
    )
  })

  test('have at most five hundred annotations among them, and say how many are left out', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs(), { stories: Array(520).fill('tests-fail') })
    const checks = opened({ sha, files: ['evals/parser.csv'] })
    await checks.begin(plan.batches)
    await checks.publish(report)
    const annotations = desk.requests.flatMap(({ json }) => (json.output as { annotations?: { title: string }[] })?.annotations ?? [])
    expect(annotations.slice(-500)).toHaveLength(500)
    expect(annotations.at(-1)?.title).toMatch(/^21 more annotations/)
  })

  test('that GitHub finds too large are shown with less, and in the end with next to nothing', async () => {
    const { report, plan } = await fakeReport(memoryBlobs())
    const outputs: { text?: string; annotations?: unknown; summary: string }[] = []
    for (const refusals of [1, 2, 3, 4]) {
      const sha = await desk.commit()
      const checks = opened({ sha, files: ['evals/parser.csv'] })
      await checks.begin(plan.batches)
      let left = refusals
      const done = desk.fault(({ json }) => {
        if (json.status !== 'completed' || left-- <= 0) return undefined
        return { instead: { status: 422, body: { message: 'Only 65535 characters are allowed; 250684 were supplied.' } } }
      })
      await checks.publish(report)
      done()
      expect((await shown(sha)).map(([, conclusion]) => conclusion)).toEqual([report.conclusion, report.conclusion])
      outputs.push(
        desk.requests.findLast(
          ({ json }) =>
            json.conclusion === report.batches[0]?.conclusion && json.output !== undefined && desk.requests.at(-1)?.json !== json,
        )?.json.output as never,
      )
    }
    expect(outputs.map(({ text, annotations }) => [text !== undefined, annotations !== undefined])).toEqual([
      [true, true],
      [false, true],
      [false, false],
      [false, false],
    ])
    expect(outputs.at(-1)?.summary).toContain('GitHub did not take the whole of it')
  })
})

describe('check runs that were begun before', () => {
  test('are used again by the same attempt, and by a later one when they were left open', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs())
    await opened({ sha }).begin(plan.batches)
    await opened({ sha }).begin(plan.batches)
    const later = opened({ sha, attempt: '1001.2' })
    await later.begin(plan.batches)
    expect(await desk.checkRuns(repo, sha)).toHaveLength(2)
    await later.publish(report)
    const again = opened({ sha, attempt: '1001.3' })
    await again.begin(plan.batches)
    await again.publish(report)
    const other = opened({ sha, attempt: '1002.1' })
    await other.begin(plan.batches)
    await other.publish(report)
    expect(await shown(sha)).toEqual(
      Array(3)
        .fill([
          ['proctor', report.conclusion],
          ['proctor / fixer / parser', report.conclusion],
        ])
        .flat(),
    )
  })

  test('and have no result this time are completed all the same', async () => {
    const sha = await desk.commit()
    const { plan } = await fakeReport(memoryBlobs(), { evals: ['parser', 'writer'] })
    await opened({ sha }).begin(plan.batches)
    const { plan: smaller, report } = await fakeReport(memoryBlobs(), { evals: ['parser'] })
    const later = opened({ sha, attempt: '1001.2' })
    await later.begin(smaller.batches)
    await later.publish(report)
    expect(await shown(sha)).toEqual([
      ['proctor', report.conclusion],
      ['proctor / fixer / parser', report.conclusion],
      ['proctor / fixer / writer', 'neutral'],
    ])
  })

  test('twice, because GitHub showed only later what it had made, are left with one that has the result', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs(), { stories: ['pass'] })
    const checks = opened({ sha })
    const nothing = { instead: { status: 200, body: { total_count: 0, check_runs: [] } } }
    const healed = [
      desk.fault(first(2, ({ route }) => route === 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs', nothing)),
      desk.fault(first(1, ({ method }) => method === 'POST', faults.lost)),
    ]
    await checks.begin(plan.batches)
    for (const heal of healed) heal()
    await checks.publish(report)
    expect(await shown(sha)).toEqual([
      ['proctor', 'neutral'],
      ['proctor', 'success'],
      ['proctor / fixer / parser', 'success'],
    ])
  })

  test('by another App under our id are not ours', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs())
    const stranger = await desk.installationToken('acme')
    await desk.client(stranger).api.rest.checks.create({
      owner: 'acme',
      repo: 'agents',
      name: 'proctor',
      head_sha: sha,
      external_id: 'proctor:1001.1',
      status: 'in_progress',
    })
    const checks = opened({ sha })
    await checks.begin(plan.batches)
    await checks.publish(report)
    expect(checks.refused).toBe(false)
    expect(await shown(sha)).toEqual([
      ['proctor', 'in_progress'],
      ['proctor', report.conclusion],
      ['proctor / fixer / parser', report.conclusion],
    ])
  })
})

describe('the end', () => {
  test('when nothing could be planned: one check run, completed, that says why and where', async () => {
    const sha = await desk.commit()
    const checks = opened({ sha })
    await checks.fail([broken])
    expect(await shown(sha)).toEqual([['proctor', 'action_required']])
    expect(desk.requests.at(-1)?.json.output).toMatchObject({ annotations: [{ path: 'evals/parser.csv', start_line: 3 }] })
  })

  test('when it fails later: all that are open, also those of another process, and none that has its result', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs(), { stories: ['pass'] })
    await opened({ sha }).begin(plan.batches)
    await opened({ sha }).fail([new ProctorError('engine_unreachable', 'no engine')])
    expect(await shown(sha)).toEqual([
      ['proctor', 'neutral'],
      ['proctor / fixer / parser', 'neutral'],
    ])
    const other = await desk.commit()
    const checks = opened({ sha: other })
    await checks.begin(plan.batches)
    await checks.publish(report)
    await checks.fail([broken])
    expect((await shown(other)).map(([, conclusion]) => conclusion)).toEqual(['success', 'success'])
  })

  test('when the job is cancelled: cancelled, while they are being begun too, and nothing is begun after it', async () => {
    const sha = await desk.commit()
    const { plan } = await fakeReport(memoryBlobs(), { evals: ['a', 'b', 'c', 'd'] })
    const checks = opened({ sha })
    const going = checks.begin(plan.batches)
    await expect.poll(async () => (await shown(sha)).length).toBeGreaterThan(1)
    await checks.cancel('The workflow run was cancelled.')
    await going
    const all = await shown(sha)
    expect(new Set(all.map(([, conclusion]) => conclusion))).toEqual(new Set(['cancelled']))
    await checks.begin(plan.batches)
    expect(await shown(sha)).toEqual(all)
    expect(checks.open).toEqual([])
  })

  test('when the process was lost: those that are open are closed by their ids, and none that is complete or gone', async () => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs(), { stories: ['pass'] })
    const done = opened({ sha })
    await done.begin(plan.batches)
    const ids = done.open
    await done.publish(report)
    const other = await desk.commit()
    const lost = opened({ sha: other })
    await lost.begin(plan.batches)
    await closeChecks(desk.client(token), repo, [...ids, 987654, ...lost.open], 'The job ended before the result was there.')
    expect((await shown(sha)).map(([, conclusion]) => conclusion)).toEqual(['success', 'success'])
    expect((await shown(other)).map(([, conclusion]) => conclusion)).toEqual(['cancelled', 'cancelled'])
  })
})

describe('a token that may not write check runs', () => {
  test.each([
    ['of a fork', { isFork: true }],
    ['without the permission', { permissions: { contents: 'read' } }],
  ])('%s is said once, and asked for nothing more', async (_, scope) => {
    const sha = await desk.commit()
    const { plan, report } = await fakeReport(memoryBlobs())
    const said: string[] = []
    const checks = opened({ sha, said, as: await desk.jobToken(repo, scope) })
    const at = desk.requests.length
    await checks.begin(plan.batches)
    await checks.publish(report)
    await checks.fail([broken])
    await checks.cancel('over')
    expect(checks).toMatchObject({ refused: true, open: [], url: undefined })
    expect(said).toEqual([expect.stringContaining('the token needs `checks: write`')])
    expect(desk.since(at).filter((route) => !route.startsWith('GET'))).toHaveLength(1)
    expect(await shown(sha)).toEqual([])
  })

  test('of a person neither', async () => {
    const sha = await desk.commit()
    const said: string[] = []
    await opened({ sha, said, as: desk.userToken('octocat') }).fail([broken])
    expect(said).toEqual([expect.stringContaining('You must authenticate via a GitHub App')])
  })
})
