import { describe, expect, test } from 'vitest'
import type { Change, ChangedPath } from '../../../../runner/seams/room.ts'
import { scriptedRoom } from '../../../fakes/room.ts'
import { exercise, scoreOf } from '../../../support/scoring.ts'

const changed = (path: string, lines: Partial<ChangedPath> = {}): ChangedPath => ({
  path,
  how: 'modified',
  added: 1,
  removed: 0,
  binary: false,
  ...lines,
})
const withSample = { sample: { exercise: exercise('paths') } }
const room = (change: Change) => scriptedRoom(() => ({}), change)

describe('paths and size of the change', () => {
  test('a path counts although it never enters grading', async () => {
    const change: Change = { entries: [changed('src/a.py')], withheld: [{ path: 'tests/test_a.py', why: 'test file' }] }
    const allowed = await scoreOf('allowed_paths', { options: { patterns: ['src/**'] }, room: room(change), ...withSample })
    expect(allowed).toMatchObject({ status: 'FAIL', trust: 'black-box' })
    expect(allowed.evidence).toContain('tests/test_a.py')
    const forbidden = await scoreOf('forbid_paths', { options: { patterns: ['tests/**'] }, room: room(change), ...withSample })
    expect(forbidden.status).toBe('FAIL')
    expect(forbidden.evidence).not.toContain('src/a.py')
    expect(
      (await scoreOf('allowed_paths', { options: { patterns: ['src/**', 'tests/**'] }, room: room(change), ...withSample })).status,
    ).toBe('PASS')
    expect((await scoreOf('forbid_paths', { options: { patterns: ['docs/**'] }, room: room(change), ...withSample })).status).toBe('PASS')
  })
  test('names that are not UTF-8 or hold control characters are shown, not printed', async () => {
    const change: Change = { entries: [changed('a\u001b[2J\xff')], withheld: [] }
    const { evidence } = await scoreOf('allowed_paths', { options: { patterns: ['src/**'] }, room: room(change), ...withSample })
    expect(evidence).toContain('a\\u{1b}[2J')
  })
  test('diff_size holds each limit that is given', async () => {
    const change: Change = {
      entries: [changed('a', { added: 10, removed: 4 }), changed('b.png', { added: -1, removed: -1, binary: true })],
      withheld: [],
    }
    const size = async (options: Record<string, number>) =>
      (await scoreOf('diff_size', { options, room: room(change), ...withSample })).status
    expect(await size({ max_files: 2, max_added: 10, max_removed: 4, max_lines: 14 })).toBe('PASS')
    for (const limit of [{ max_files: 1 }, { max_added: 9 }, { max_removed: 3 }, { max_lines: 13 }]) expect(await size(limit)).toBe('FAIL')
  })
  test('none of them applies without a workspace', async () => {
    for (const type of ['allowed_paths', 'forbid_paths', 'diff_size', 'test_integrity'] as const) {
      expect((await scoreOf(type, { options: { patterns: ['x'] } })).status).toBe('N/A')
    }
  })
})
