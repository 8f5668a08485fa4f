import { beforeAll, describe, expect, test } from 'vitest'
import type { ReportBatch, ReportRun } from '../../../../runner/domain/report.ts'
import { annotationsOf } from '../../../../runner/report/github/annotations.ts'
import { small, told } from './told.ts'

let batch: ReportBatch
beforeAll(async () => {
  const [first] = (await small()).report.batches
  if (!first) throw new Error('a batch')
  batch = { ...first, conclusion: 'failure' }
})
const csv = new Set(['evals/parser.csv'])
const traceback = (path: string, line = 31) =>
  `Traceback (most recent call last):\n  File "/home/user/agent/launch.py", line 9, in main\n  File "${path}", line ${line}, in run\nKeyError: 'rows'`
const withRuns = (edit: (run: ReportRun) => ReportRun): ReportBatch => ({ ...batch, runs: batch.runs.map(edit) })
/** Every failing run ends in this text. */
const failingWith = (response: string) =>
  withRuns((run) => (run.verdict === 'fail' ? { ...run, response, ended: { as: 'error' }, scores: [] } : run))
const traces = (of: ReportBatch, files: readonly string[]) =>
  annotationsOf(of, { files: new Set(files) }).map(({ path, start_line }) => `${path}:${start_line}`)

describe('on the line that defines the sample', () => {
  test('regressions first, then failures, then what could not be scored; nothing for passes and for the base', () => {
    const all = annotationsOf(batch, { files: csv })
    expect(all.map(({ title, start_line }) => `${start_line} ${title.split(':')[0]}`)).toEqual([
      ...['3 regressed', '6 regressed', '5 fail', '7 fail', '8 unscored', '9 unscored', '10 unscored'],
    ])
    expect(all[0]?.message).toContain('The base passes this sample.')
    expect(all[0]?.message).toContain('FAILED tests/test_parser.py::test_quoted_comma')
    expect(all[0]?.title).toBe('regressed: fixer / parser / empty-field')
  })

  test('one for all epochs of a sample', async () => {
    const [first] = (await told({ samples: 1, epochs: 3, stories: ['tests-fail', 'pass', 'tests-fail'] })).report.batches
    if (!first) throw new Error('a batch')
    const all = annotationsOf(first, { files: csv })
    expect(all).toHaveLength(1)
    expect(all[0]?.message).toContain('(2 epochs)')
  })

  test('the last attempt counts, wherever it is listed', () => {
    const [run] = batch.runs.filter(({ verdict }) => verdict === 'unscored')
    if (!run) throw new Error('a run')
    const again = { ...run, id: `${run.id}~2`, attempt: 2, verdict: 'pass' as const }
    for (const runs of [
      [run, again],
      [again, run],
    ])
      expect(annotationsOf({ ...batch, runs }, { files: csv })).toEqual([])
    expect(annotationsOf({ ...batch, runs: [run] }, { files: csv })).toHaveLength(1)
  })

  test('not on files that the repository does not have', () => {
    expect(annotationsOf(batch, { files: new Set(['evals/other.csv']) })).toEqual([])
    expect(
      annotationsOf(
        withRuns(({ from: _, ...run }) => run),
        { files: csv },
      ),
    ).toEqual([])
  })

  test('lines begin at 1', () => {
    const all = annotationsOf(
      withRuns((run) => ({ ...run, from: { file: 'evals/parser.csv', line: 0 } })),
      { files: csv },
    )
    expect(new Set(all.map(({ start_line, end_line }) => `${start_line} ${end_line}`))).toEqual(new Set(['1 1']))
  })

  test.each([
    ['failure', { conclusion: 'failure' }, ['failure', 'failure', 'failure', 'failure', 'warning', 'warning', 'warning']],
    ['a met gate', { conclusion: 'success' }, Array(7).fill('warning')],
    ['a proposed eval', { conclusion: 'failure', proposed: true }, Array(7).fill('notice')],
  ] as const)('how loud: %s', (_, edit, levels) => {
    expect(annotationsOf({ ...batch, ...edit }, { files: csv }).map(({ annotation_level }) => annotation_level)).toEqual(levels)
  })

  test('as many as are asked for, the last of which says how many more there are', () => {
    const all = annotationsOf(batch, { files: csv, most: 4 })
    expect(all).toHaveLength(4)
    expect(all[3]).toMatchObject({ annotation_level: 'notice', title: '4 more annotations of fixer / parser' })
    expect(annotationsOf(batch, { files: csv, most: 7 })).toHaveLength(7)
    expect(annotationsOf(batch, { files: csv, most: 7 })[6]?.title).toMatch(/^unscored/)
  })

  test('what is beyond the basic plane is written out', () => {
    const [first] = annotationsOf(
      withRuns((run) => ({ ...run, sample: 'smile 😀', reason: 'tada 🎉 日本語 ❤' })),
      { files: csv },
    )
    expect(first?.title).toContain('smile \\u{1f600}')
    expect(first?.message).toContain('tada \\u{1f389} 日本語 ❤')
  })

  test('stays far below what GitHub takes, whatever the evidence', () => {
    const huge = '語'.repeat(500_000)
    const all = annotationsOf(
      withRuns((run) => ({
        ...run,
        sample: huge,
        reason: huge,
        scores: run.scores.map((score) => ({ ...score, name: huge, evidence: huge })),
      })),
      {
        files: csv,
      },
    )
    expect(Math.max(...all.map(({ title }) => title.length))).toBeLessThanOrEqual(255)
    expect(Math.max(...all.map(({ message }) => Buffer.byteLength(message)))).toBeLessThanOrEqual(64_000)
  })
})

describe('on the line that a traceback names', () => {
  const package_ = ['agents/fixer/agent.yaml', 'agents/fixer/main.py', 'agents/fixer/lib/rows.py']

  test('the innermost one of the package, once, with the number of samples', () => {
    const all = annotationsOf(failingWith(traceback('/home/user/agent/lib/rows.py')), { files: new Set(package_) })
    expect(all).toHaveLength(1)
    expect(all[0]).toMatchObject({ path: 'agents/fixer/lib/rows.py', start_line: 31, end_line: 31, annotation_level: 'failure' })
    expect(all[0]?.message).toMatch(/KeyError: 'rows'\n\n3 more samples failed in this line\.$/)
  })

  test('next to the sample that it belongs to', () => {
    const files = new Set([...package_, 'evals/parser.csv'])
    expect(
      annotationsOf(failingWith(traceback('/home/user/agent/main.py')), { files })
        .map(({ path }) => path)
        .slice(0, 3),
    ).toEqual([...['evals/parser.csv', 'agents/fixer/main.py', 'evals/parser.csv']])
  })

  test.each<[string, string, readonly string[], readonly string[]]>([
    [
      'frames outside of the package are passed over',
      traceback('/usr/lib/python3.13/json.py'),
      [...package_, 'agents/fixer/launch.py'],
      ['agents/fixer/launch.py:9'],
    ],
    ['a package at the root', traceback('/home/user/agent/main.py'), ['agent.yaml', 'main.py'], ['main.py:31']],
    [
      'a package in a folder of another name',
      traceback('/home/user/agent/main.py'),
      ['agent.yml', 'main.py', 'other/main.py'],
      ['main.py:31'],
    ],
    [
      'a part of the package is the source',
      traceback('/home/user/agent/main.py'),
      ['agents/fixer/agent.yaml', 'agents/fixer/src/main.py'],
      ['agents/fixer/src/main.py:31'],
    ],
    [
      'two files that it could be are none',
      traceback('/home/user/agent/main.py'),
      ['agents/fixer/agent.yaml', 'agents/fixer/a/main.py', 'agents/fixer/b/main.py'],
      [],
    ],
    [
      'another package is not touched',
      traceback('/home/user/agent/main.py'),
      ['agents/fixer/agent.yaml', 'agents/other/agent.yaml', 'agents/other/main.py', 'main.py'],
      [],
    ],
    ['without agent.yaml nobody can tell', traceback('/home/user/agent/main.py'), ['main.py'], []],
    [
      'a stack of Node',
      'Error: x\n    at run (/home/user/agent/index.js:12:5)\n    at main (/home/user/agent/main.js:3:1)',
      ['agent.yaml', 'index.js', 'main.js'],
      ['index.js:12'],
    ],
    [
      'the workspace, when the package has its only copy',
      traceback('/home/user/workspace/src/orders/parser.py', 4),
      [...package_, 'agents/fixer/exercise/src/orders/parser.py'],
      ['agents/fixer/exercise/src/orders/parser.py:4'],
    ],
    ['the workspace is not the repository', traceback('/home/user/workspace/main.py', 4), ['agent.yaml', 'main.py'], []],
    [
      'no way out of the package',
      traceback('/home/user/agent/../../.github/workflows/ci.yml'),
      [...package_, '.github/workflows/ci.yml'],
      [],
    ],
    ['no way out by a link of words', traceback('/home/user/agent/./main.py'), package_, []],
    ['a line of zero', traceback('/home/user/agent/main.py', 0), ['agent.yaml', 'main.py'], ['main.py:1']],
    ['a line that is no number', 'File "/home/user/agent/main.py", line 99999999999999', ['agent.yaml', 'main.py'], []],
    ['another home', traceback('/home/user2/agent/main.py'), ['agent.yaml', 'main.py'], []],
  ])('%s', (_, text, files, expected) => {
    expect(traces(failingWith(text), files)).toEqual(expected)
  })

  test('of evidence too, and of no run that passed', () => {
    const evidence = traceback('/home/user/agent/main.py', 5)
    const failed = withRuns((run) => ({
      ...run,
      response: '',
      ended: { as: 'completed' },
      scores: run.scores.map((score) => ({ ...score, evidence })),
    }))
    expect(traces(failed, package_)).toEqual(['agents/fixer/main.py:5'])
    const passed = { ...batch, runs: batch.runs.filter(({ verdict }) => verdict === 'pass').map((run) => ({ ...run, response: evidence })) }
    expect(traces(passed, package_)).toEqual([])
  })
})
