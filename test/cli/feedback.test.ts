import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NewFeedback } from '../../app/store/people/feedback.ts'
import { folderBlobs } from '../../runner/adapters/preset.ts'
import { fakePlan } from '../fakes/plans.ts'
import { fakeResult } from '../fakes/results.ts'
import { asked } from '../support/asked.ts'
import { proctor } from '../support/cli.ts'
import { freshPlace, openAt, type Place } from '../support/stores.ts'
import { there } from '../support/there.ts'
import { agentYaml, evalYaml, polite, written } from '../support/written.ts'

const closing = new AsyncDisposableStack()
let place: Place
const hard = '=cmd|"x",\r\nsecond line; ä 😀'
beforeAll(async () => {
  place = closing.use(await freshPlace('embedded'))
  await using opened = await openAt(place)
  const { store } = opened
  const blobs = folderBlobs(place.options.folder)
  await store.installations.save({ id: 7, account: 'acme', accountId: 1, accountType: 'Organization' })
  for (const [id, name] of [
    [11, 'agents'],
    [12, 'others'],
    [13, 'silent'],
  ] as const)
    await store.installations.saveRepos([{ id, owner: 'acme', name, private: true, installationId: 7 }])
  const runs = there(fakePlan({ samples: 3 }).batches[0]).runs
  for (const repoId of [11, 12]) {
    const { evaluation } = await store.evaluations.create(asked({ repoId }))
    for (const run of runs) await store.results.insert(evaluation.id, await fakeResult(run, blobs))
  }
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 24, 12, minute))
  const say = (key: string, more: Partial<NewFeedback>) =>
    store.feedback.add({
      ...{
        repoId: 11,
        runId: 'run-1',
        agent: 'fixer',
        eval: 'parser',
        sampleId: 'quoted-comma',
        rating: 'fail',
        body: 'no',
        author: 'octocat',
      },
      ...{ authorId: 1, trusted: true, url: `https://github.example/c/${key}`, key, createdAt: at(Number(key)), ...more },
    })
  await say('1', {})
  await say('2', { rating: 'pass', body: hard })
  await say('3', { trusted: false, author: 'stranger', body: 'buy this' })
  await say('4', { rating: 'none', runId: null, agent: null, eval: null, sampleId: null, body: '> x\n\nWhy?' })
  await say('5', { repoId: 12, eval: 'parser', body: 'elsewhere' })
  const expectFile = async (key: string, sampleId: string, name: string, bytes: Buffer) =>
    store.expected.add({
      ...{
        repoId: 11,
        runId: 'run-1',
        agent: 'fixer',
        eval: 'parser',
        sampleId,
        name,
        blob: await blobs.put(ReadableStream.from([bytes]), name),
      },
      ...{ author: 'octocat', authorId: 1, url: `https://github.example/c/${key}`, key, createdAt: at(Number(key)) },
    })
  await expectFile('6', 'quoted-comma', 'old.txt', Buffer.from('old'))
  await expectFile('7', 'quoted-comma', 'rows.csv', Buffer.from('a,"b"\n'))
  await expectFile('8', 'empty-field', 'picture.png', Buffer.from([0x89, 0x50, 0xff, 0xfe]))
}, 60_000)
afterAll(() => closing.disposeAsync())

const env = () => ({ PROCTOR_DATA: place.options.folder, DATABASE_URL: '', APP_ID: '' })
const exported = async (...args: string[]) => {
  const { code, stdout, stderr } = await proctor(['feedback', 'export', ...args], { env: env() })
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}
const lines = async (...args: string[]) =>
  (await exported(...args))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('feedback export', () => {
  test('is a line for each word of somebody who may write, with what the sample is', async () => {
    const all = await lines()
    expect(all.map(({ id, repository, rating, body }) => [id, repository, rating, body])).toEqual([
      ['quoted-comma', 'acme/agents', 'fail', 'no'],
      ['quoted-comma~2', 'acme/agents', 'pass', hard],
      ['empty-field', 'acme/agents', 'none', ''],
      ['quoted-comma~3', 'acme/others', 'fail', 'elsewhere'],
    ])
    expect(all[1]).toEqual({
      id: 'quoted-comma~2',
      user: expect.stringMatching(/^Rows whose quoted field holds a comma/),
      expected: 'a,"b"\n',
      ...{ repository: 'acme/agents', eval: 'parser', agent: 'fixer', sample: 'quoted-comma', run: 'run-1', rating: 'pass', body: hard },
      ...{ author: 'octocat', trusted: true, url: 'https://github.example/c/2', created_at: '2026-11-24T12:02:00.000Z' },
      artifacts: [
        { name: 'old.txt', bytes: 3, digest: expect.stringMatching(/^sha256:/), author: 'octocat', url: 'https://github.example/c/6' },
        { name: 'rows.csv', bytes: 6, digest: expect.stringMatching(/^sha256:/), author: 'octocat', url: 'https://github.example/c/7' },
      ],
    })
    expect(all[2]).toMatchObject({ expected: '', artifacts: [{ name: 'picture.png' }] })
    expect(all[3]).toMatchObject({ expected: '', artifacts: [] })
  })

  test('of one repository, or of everybody', async () => {
    expect(await lines('--repository', 'ACME/others')).toMatchObject([{ repository: 'acme/others', id: 'quoted-comma' }])
    expect(await exported('--repository', 'acme/silent')).toBe('')
    const all = await lines('--all', '--repository', 'acme/agents')
    expect(all.map(({ author, trusted, rating, sample }) => [author, trusted, rating, sample])).toEqual([
      ['octocat', true, 'fail', 'quoted-comma'],
      ['octocat', true, 'pass', 'quoted-comma'],
      ['stranger', false, 'fail', 'quoted-comma'],
      ['octocat', true, 'none', ''],
      ['octocat', true, 'none', 'empty-field'],
    ])
  })

  test('as CSV is read back as it was, but for what a spreadsheet would calculate', async () => {
    const text = await exported('--format', 'csv')
    const rows: readonly Record<string, string>[] = parse(text, { columns: true })
    const all = await lines()
    expect(rows.map(({ body }) => body)).toEqual(['no', `'${hard}`, '', 'elsewhere'])
    for (const [at, row] of rows.entries()) {
      const { artifacts, body: _, ...line } = all[at]
      expect(row).toMatchObject(Object.fromEntries(Object.entries(line).map(([key, value]) => [key, String(value)])))
      expect(JSON.parse(there(row.artifacts))).toEqual(artifacts)
    }
  })

  test('as CSV is a dataset', async () => {
    await using folder = await written({
      'agents/hello/agent.yaml': agentYaml('hello'),
      'agents/hello/main.py': 'def run(task_input, *, proxy_url, run_token):\n    return "please"\n',
      'agents/hello/evals/corrections.yaml': evalYaml('corrections', `dataset: corrections.csv\njudge: none\n${polite}`),
    })
    await writeFile(folder.at('agents/hello/evals/corrections.csv'), await exported('--format', 'csv'))
    expect(await proctor(['validate', folder.root])).toMatchObject({ code: 0, stdout: 'valid: 1 agent, 1 eval, 0 scenarios, 4 samples\n' })
  })

  test('waits for nobody: a database that a server has is said', async () => {
    await using opened = await openAt(place)
    expect(opened.store).toBeDefined()
    const { code, stdout, stderr } = await proctor(['feedback', 'export'], { env: env() })
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/database_in_use: .* is in use by process \d+\n.*Stop that process, or give both a PostgreSQL with DATABASE_URL/)
  })

  test('a reader that leaves early is no error', async () => {
    const { code, stderr } = await proctor(['feedback', 'export', '--all'], { env: env(), onOutput: (_, child) => child.stdout?.destroy() })
    expect([code, stderr]).toEqual([0, ''])
  })

  test('makes no database where there is none', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'proctor-empty-'))
    const { code, stderr } = await proctor(['feedback', 'export'], { env: { ...env(), PROCTOR_DATA: join(empty, 'data') } })
    expect(stderr).toMatch(/usage_invalid: feedback: .*data holds no database; DATABASE_URL or PROCTOR_DATA/)
    expect(code).toBe(2)
    await rm(empty, { recursive: true })
  })

  test.each([
    [['import'], /found "import"; accepted: export/],
    [['export', '--format', 'xml'], /--format: found "xml"; accepted: jsonl, csv/],
    [['export', 'x'], /unexpected argument "x"/],
  ])('%j is a mistake that is named', async (args, message) => {
    const { code, stderr } = await proctor(['feedback', ...args], { env: env() })
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })
})
