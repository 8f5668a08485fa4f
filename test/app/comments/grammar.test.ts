import { describe, expect, test } from 'vitest'
import { readCommand, usage } from '../../../app/comments/grammar.ts'

const sha = 'a1'.repeat(20)

describe('is a command', () => {
  test.each([
    ['/proctor', { do: 'help' }],
    ['/proctor help', { do: 'help' }],
    ['/proctor run', { do: 'run' }],
    ['/proctor run refunds', { do: 'run', eval: 'refunds' }],
    ['/proctor run refunds --epochs 5', { do: 'run', eval: 'refunds', epochs: 5 }],
    ['/proctor  run\t--epochs=5  refunds  ', { do: 'run', eval: 'refunds', epochs: 5 }],
    ['/proctor rerun failed', { do: 'rerun failed' }],
    ['/proctor cancel\r\nthanks', { do: 'cancel' }],
    ['/proctor accept', { do: 'accept' }],
    [`/proctor approve ${sha}`, { do: 'approve', sha, withCredentials: false }],
    [`/proctor approve ${sha} --with-credentials`, { do: 'approve', sha, withCredentials: true }],
    [
      '/proctor feedback triage.refunds.1.ab~2 fail  too slow',
      { do: 'feedback', run: 'triage.refunds.1.ab~2', rating: 'fail', text: 'too slow' },
    ],
    ['/proctor feedback pass pass\nwell\n\ndone', { do: 'feedback', run: 'pass', rating: 'pass', text: 'well\n\ndone' }],
    ['/proctor wrong r1 the judge\nis blind', { do: 'wrong', run: 'r1', text: 'the judge\nis blind' }],
    ['/proctor expect r1\n```\nx\n```', { do: 'expect', run: 'r1' }],
    ['/proctor quarantine row 7, odd', { do: 'quarantine', sample: 'row 7, odd' }],
    ['/proctor quarantine "row 7"', { do: 'quarantine', sample: 'row 7' }],
  ])('%j', (body, command) => {
    expect(readCommand(body)).toEqual(command)
  })
})

describe('is talk', () => {
  test.each([
    '',
    'please /proctor run',
    ' /proctor run',
    '> /proctor approve x',
    '\n/proctor run',
    '/proctors run',
    '/Proctor run',
    '/proctor-run',
    '```\n/proctor run\n```',
    '\u200b/proctor run',
    '<!-- -->/proctor run',
    'thanks\n/proctor cancel',
  ])('%j', (body) => {
    expect(readCommand(body)).toBeUndefined()
  })
})

describe('is not understood, and does nothing', () => {
  test.each([
    '/proctor run a b',
    '/proctor run $(id)',
    '/proctor run ../../etc',
    '/proctor run --epochs',
    '/proctor run --epochs 0',
    '/proctor run --epochs 101',
    '/proctor run --epochs 1e3',
    '/proctor run --upload-pack=x',
    '/proctor rerun',
    '/proctor rerun all',
    '/proctor cancel now',
    '/proctor approve',
    `/proctor approve ${sha.slice(1)}`,
    `/proctor approve ${sha.toUpperCase()}`,
    `/proctor approve ${sha} --with-credential`,
    `/proctor approve ${sha} --with-credentials now`,
    '/proctor approve main',
    '/proctor feedback r1',
    '/proctor feedback r1 great',
    '/proctor feedback ../r1 pass',
    '/proctor wrong r1',
    '/proctor expect',
    '/proctor expect r1 r2',
    '/proctor quarantine',
    '/proctor constructor',
    '/proctor __proto__',
    '/proctor `id`',
  ])('%j', (body) => {
    expect(readCommand(body)).toMatchObject({ do: 'misunderstood', why: expect.any(String) })
  })

  test('what was said comes back only as letters', () => {
    expect(readCommand('/proctor @everyone<img>')).toEqual({ do: 'misunderstood', why: 'there is no command `?everyone?img?`' })
  })
})

test('every line of the help is understood', () => {
  const said = usage.map((line) =>
    line
      .replace(/ {2}\(.*$/, '')
      .replaceAll(/\[.*?\]/g, '')
      .replace('<40-hex sha>', sha)
      .replace('pass|fail|partial', 'pass')
      .replaceAll(/<\w+>/g, 'x'),
  )
  expect(said.map((line) => readCommand(line)).filter((command) => command?.do === 'misunderstood')).toEqual([])
})
