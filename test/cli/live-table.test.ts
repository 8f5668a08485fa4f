import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { columns, paint } from '../../cli/columns.ts'
import { tableText } from '../../cli/live-table.ts'
import { openTally, type Tally } from '../../cli/tally.ts'
import type { Plan, Run } from '../../runner/domain/plan.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { fakePlan } from '../fakes/plans.ts'
import { hostileText } from '../fakes/reports.ts'
import { fakeResult, type Story } from '../fakes/results.ts'
import { there } from '../support/there.ts'

const blobs = memoryBlobs()
const runsOf = (plan: Plan) => plan.batches.flatMap(({ runs }) => runs)
const screen = { width: 100, height: 30, colour: false }
const drawn = (tally: Tally, change: Partial<typeof screen> = {}, at = 64_000) =>
  tableText({ tally, now: at, started: 0, stopping: false }, { ...screen, ...change }).split('\n')

function planned(plan: Plan) {
  const clock = { now: 0 }
  const tally = openTally(() => clock.now)
  tally.see({ at: 'planned', plan, done: [] })
  const end = async (run: Run, story: Story = 'pass') => {
    const { grade } = await fakeResult(run, blobs, story)
    tally.see({ at: 'done', run, grade, durationMs: 1000 })
  }
  return { tally, end, clock }
}

describe('the live table', () => {
  test('shows batches with their counts, what is at work, and how long it will take', async () => {
    const plan = fakePlan({ samples: 4, evals: ['one', 'two'] })
    const { tally, end, clock } = planned(plan)
    const [a, b, c, d, e] = runsOf(plan)
    for (const [run, story] of [
      [a, 'pass'],
      [b, 'tests-fail'],
      [c, 'sandbox-lost'],
      [d, 'pass'],
    ] as const)
      await end(there(run), story)
    clock.now = 60_000
    tally.see({ at: 'running', run: there(e) })
    tally.see({ at: 'step', run: there(e), step: { at: '', turn: 't1', kind: 'shell', detail: { command: 'pytest -q\nmore' } } })
    tally.see({ at: 'preparing', what: 'environment', run: there(runsOf(plan)[5]), log: 'Collecting httpx\nCollecting anyio\n' })
    expect(drawn(tally)).toEqual([
      '4 of 8 runs done                                                             1:04, about 2 min left',
      '',
      '  agent / eval                        done  pass  fail  unscored',
      '✗ fixer / one   ━━━━━━━━━━━━━━━━━━━━   4/4     2     1         1',
      '▸ fixer / two   ────────────────────   0/4     ·     ·',
      '',
      `  running     0:04  fixer / two / ${there(e).sample.id}  $ pytest -q more`,
      '  preparing  a run  Collecting anyio',
    ])
  })

  test('a run that is tried again counts once, and what was recorded before counts from the start', async () => {
    const plan = fakePlan({ samples: 3 })
    const [a, b] = [there(runsOf(plan)[0]), there(runsOf(plan)[1])]
    const tally = openTally(() => 0)
    tally.see({ at: 'planned', plan, done: [await fakeResult(a, blobs)] })
    expect([tally.before, tally.since, tally.total]).toEqual([1, 0, 3])
    for (const [attempt, story] of [
      [1, 'sandbox-lost'],
      [2, 'pass'],
    ] as const) {
      const run = { ...b, attempt, id: attempt === 1 ? b.id : `${b.id}~2` }
      tally.see({ at: 'done', run, grade: (await fakeResult(run, blobs, story)).grade, durationMs: 1 })
    }
    expect([tally.before, tally.since]).toEqual([1, 1])
    expect([...tally.batches.values()]).toEqual([{ pass: 2, fail: 0, unscored: 0, total: 3, gate: 0.8 }])
  })

  test('of more batches than rows, those at work stay and the rest is summed up', async () => {
    const plan = fakePlan({ samples: 1, evals: Array.from({ length: 200 }, (_, index) => `eval-${index}`) })
    const { tally, end } = planned(plan)
    for (const run of runsOf(plan).slice(0, 50)) await end(run)
    for (const run of runsOf(plan).slice(150, 170)) tally.see({ at: 'grading', run })
    const rows = drawn(tally)
    expect(rows.length).toBeLessThan(screen.height)
    expect(rows[3]).toMatch(/^▸ fixer \/ eval-150 /)
    expect(rows.find((row) => row.includes('more:'))).toMatch(/and \d+ more: 50 finished, 1\d\d to come/)
    expect(rows.at(-1)).toMatch(/and \d+ more at work/)
  })

  test.each([
    [20, 5],
    [30, 10],
    [64, 20],
    [200, 60],
    [1, 1],
  ])('%i columns and %i rows are never left, whatever the names', async (width, height) => {
    const plan = fakePlan({ samples: 12, evals: ['漢字'.repeat(40), 'e\u0301'.repeat(60), '👩‍👩‍👧'.repeat(30), 'x'.repeat(300)] })
    const { tally } = planned(plan)
    for (const run of runsOf(plan).slice(0, 20)) {
      tally.see({ at: 'running', run })
      tally.see({ at: 'step', run, step: { at: '', turn: 't', kind: 'edit', detail: { path: '한글/😀'.repeat(50) } } })
    }
    tally.see({ at: 'preparing', what: 'environment', run: there(runsOf(plan)[30]), log: hostileText })
    const rows = drawn(tally, { width, height, colour: true }).map((row) => stripVTControlCharacters(row))
    expect(rows.length).toBeLessThanOrEqual(Math.max(1, height - 1))
    for (const row of rows) expect(columns(row)).toBeLessThanOrEqual(Math.max(0, width - 1))
  })

  test('nothing that an agent or an author wrote acts on the terminal', () => {
    const plan = fakePlan({ samples: 1, evals: [hostileText] })
    const { tally } = planned(plan)
    const run = { ...there(runsOf(plan)[0]), eval: hostileText }
    tally.see({ at: 'running', run: { ...run, sample: { ...run.sample, id: hostileText } } })
    tally.see({ at: 'step', run, step: { at: '', turn: 't', kind: 'shell', detail: { command: hostileText } } })
    tally.see({ at: 'preparing', what: 'environment', run: { ...run, id: 'other' }, log: `${hostileText}\r\u001b[2Jgone` })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    for (const row of drawn(tally, { width: 1000 })) expect(row).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202a-\u202e]/)
  })

  test('colour is only where it is wanted', () => {
    expect(paint(['a ', ['b', 'red']], { width: 10, colour: true })).toBe('a \u001b[31mb\u001b[39m')
    expect(paint(['a ', ['b', 'red']], { width: 10, colour: false })).toBe('a b')
  })
})
