import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../runner/domain/report.ts'
import { proctor, readReport } from '../support/cli.ts'
import { leftBy } from '../support/ours.ts'

let root: string
let folder: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-cli-'))
  folder = join(root, 'repo')
  await mkdir(folder)
  expect((await proctor(['init'], { cwd: folder })).code).toBe(0)
})
afterAll(() => rm(root, { recursive: true, force: true }))
const at = (name: string) => join(root, name)

describe('what init writes', () => {
  let ended: Awaited<ReturnType<typeof proctor>>
  beforeAll(async () => {
    ended = await proctor(['run'], { cwd: folder })
  })

  test('runs as it is and meets its gate', () => {
    expect(ended.code, ended.stderr).toBe(0)
    expect(ended.stdout).toBe('')
    expect(ended.stderr).toMatch(
      /^2 runs planned\n\[1\/2\] pass {5}hello \/ first \/ \w+ \(.*\)\n\[2\/2\] pass {5}hello \/ first \/ \w+ \(.*\)\n\n✓ hello \/ first: 2 of 2 pass; the gate asks for 100%\n\n2 runs: 2 pass, 0 fail; pass rate 100% \(.*\)\nreport: /,
    )
    expect(ended.stderr, 'plain lines hold no escape sequence').not.toContain('\u001b')
  })

  test('the report is where the last line says', async () => {
    const path = /^report: (\.proctor\/[\d-]+\/report\.html)$/m.exec(ended.stderr)?.[1] ?? ''
    expect(await readFile(join(folder, path), 'utf8')).toContain('<!doctype html>')
  })

  test('validate counts it, and init never touches what is there', async () => {
    expect((await proctor(['validate'], { cwd: folder })).stdout).toBe('valid: 1 agent, 1 eval, 0 scenarios, 2 samples\n')
    const again = await proctor(['init'], { cwd: folder })
    expect(again).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('options of run', () => {
  test('--json: the report on stdout, and nothing else there', async () => {
    const { code, stdout } = await proctor(['run', folder, '--out', at('json'), '--json'])
    const report: Report = JSON.parse(stdout)
    expect([code, report.schema, report.totals.pass]).toEqual([0, 'proctor/report@1', 2])
    expect(report).toEqual(await readReport(at('json')))
  })

  test('--quiet: the outcome alone', async () => {
    const { code, stdout, stderr } = await proctor(['run', folder, '--out', at('quiet'), '-q'])
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^✓ hello \/ first: 2 of 2 pass; .*\n\n2 runs: .*\nreport: .*\n$/)
  })

  test('--sample and --epochs: estimates of pass@k and pass^k', async () => {
    const [sample] = (await readReport(at('json'))).batches[0]?.runs.map((run) => run.sample) ?? []
    const { code, stderr } = await proctor(['run', folder, '--out', at('epochs'), '--sample', `${sample}`, '--epochs', '3'])
    expect(code, stderr).toBe(0)
    const [batch] = (await readReport(at('epochs'))).batches
    expect(batch?.runs.map((run) => [run.sample, run.epoch]).toSorted()).toEqual([1, 2, 3].map((epoch) => [sample, epoch]))
    expect(batch).toMatchObject({ pass_at: { 1: 1, 2: 1, 3: 1 }, pass_hat: { 1: 1, 2: 1, 3: 1 } })
  })

  test('--concurrency 1: one after the other', async () => {
    const { code } = await proctor(['run', folder, '--out', at('one'), '--concurrency', '1'])
    expect(code).toBe(0)
    const lines = (await readFile(join(at('one'), 'results.jsonl'), 'utf8')).trim().split('\n')
    const spans = lines.map((line) => JSON.parse(line).record.timing as { startedAt: string; durationMs: number })
    const [first, second] = spans.map(({ startedAt, durationMs }) => ({
      from: Date.parse(startedAt),
      to: Date.parse(startedAt) + durationMs,
    }))
    expect(second?.from).toBeGreaterThanOrEqual((first?.to ?? Number.POSITIVE_INFINITY) - 5)
  })

  test('--out: the results of another plan are not overwritten, those of the same plan are gone on with', async () => {
    const other = await proctor(['run', folder, '--out', at('json'), '--epochs', '2'])
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/holds the results of another plan\. Go on with that one by --resume .*--out/)
    const same = await proctor(['run', folder, '--out', at('json')])
    expect([same.code, same.stderr]).toEqual([0, expect.stringMatching(/^2 runs planned, 2 already recorded\n\n✓/)])
  })

  test('a gate that is not met: exit 1, and what failed with what was found', async () => {
    const package_ = at('failing')
    await mkdir(package_)
    await proctor(['init', package_])
    const main = join(package_, 'agents/hello/main.py')
    await writeFile(main, (await readFile(main, 'utf8')).replace('thank you', 'bye\\u001b[35m\\u001b]0;title\\u0007'))
    const { code, stderr } = await proctor(['run', package_, '--out', at('failed')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^\[1\/2\] fail {5}hello \/ first \/ \w+ \(.*\): polite failed$/m)
    expect(stderr).toMatch(/^failed\n( {2}hello \/ first \/ \w+: polite failed: .*thank you.*\n){2}/m)
    expect(stderr).toMatch(/^✗ hello \/ first: 0 of 2 pass; the gate asks for 100%$/m)
    expect(stderr).not.toContain('\u001b')
  })

  test('no engine: exit 3, and what to do', async () => {
    const { code, stderr } = await proctor(['run', folder, '--out', at('engineless')], { env: { DOCKER_HOST: 'unix:///nonexistent.sock' } })
    expect(code).toBe(3)
    expect(stderr).toMatch(/engine_unreachable[\s\S]*whoever runs proctor: Start it, or point DOCKER_HOST at it/)
    expect(stderr, 'asked for no more than three times').not.toMatch(/attempt 4/)
  }, 120_000)

  test('warnings of planning and of runs are shown', async () => {
    const package_ = at('warned')
    await mkdir(package_)
    await proctor(['init', package_])
    await writeFile(join(package_, 'agents/hello/evals/first.csv'), 'user,order,setup_command\nWhere?,1,make\n')
    const code = `import os\n\n\ndef run(task_input, *, proxy_url, run_token):\n    os.symlink("/etc/passwd", "/home/user/outputs/link")\n    return "thank you 1"\n`
    await writeFile(join(package_, 'agents/hello/main.py'), code)
    const { stderr } = await proctor(['run', package_, '--out', at('warnings')])
    expect(stderr).toMatch(/^warning: .*the column `setup_command` is only an input/m)
    expect(stderr).toMatch(/^warning: Not taken from \/home\/user\/outputs .*link/m)
    expect((await proctor(['run', package_, '--out', at('warnings'), '--quiet'])).stderr).not.toContain('warning:')
  })
})

test('report writes the same files again', async () => {
  const out = at('json')
  const names = (await readdir(out)).filter((name) => /\.(json|html|md|xml)$/.test(name) && name !== 'plan.json')
  expect(names.toSorted()).toEqual(['junit.xml', 'report.html', 'report.json', 'summary.md'])
  const badges = (await readdir(join(out, 'badges'))).map((name) => `badges/${name}`)
  const before = await texts(out, [...names, ...badges])
  for (const name of [...names, 'badges']) await rm(join(out, name), { recursive: true })
  const { code, stdout, stderr } = await proctor(['report', out, '--json'])
  expect([code, JSON.parse(stdout).totals.pass, stderr]).toEqual([0, 2, `report: ${join(out, 'report.html')}\n`])
  expect(await texts(out, [...names, ...badges])).toEqual(before)
})

test('doctor says what is there', async () => {
  const { code, stdout, stderr } = await proctor(['doctor'])
  expect([code, stderr]).toEqual([0, ''])
  for (const name of ['engine', 'image', 'snapshots', 'leftovers', 'judge', 'disk'])
    expect(stdout).toMatch(new RegExp(`^[✓-] ${name} `, 'm'))
  const without = await proctor(['doctor'], { env: { DOCKER_HOST: 'unix:///nonexistent.sock' } })
  expect([without.code, without.stdout]).toEqual([3, expect.stringMatching(/^✗ engine +engine_unreachable/m)])
})

test('--keep-sandbox leaves containers, which the next run does not touch and doctor --reap removes', async () => {
  const { code, stderr, pid } = await proctor(['run', folder, '--out', at('kept'), '--keep-sandbox'])
  expect(code, stderr).toBe(0)
  const mine = leftBy(pid).map((line) => line.split(' ')[0])
  expect(mine.length).toBeGreaterThanOrEqual(2)
  expect((await proctor(['run', folder, '--out', at('after')])).code).toBe(0)
  expect(leftBy(pid)).toHaveLength(mine.length)
  expect((await proctor(['doctor'])).stdout).toMatch(/^- leftovers .*\(kept\).*--reap removes them$/m)
  const reaped = await proctor(['doctor', '--reap'])
  for (const name of mine) expect(reaped.stdout).toContain(`removed container ${name}`)
  expect(leftBy(pid)).toEqual([])
}, 120_000)

/** All but when it was written. */
async function texts(out: string, names: readonly string[]): Promise<Record<string, string>> {
  const undated = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( UTC|Z)?/g, 'then')
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, undated(await readFile(join(out, name), 'utf8'))] as const)))
}
