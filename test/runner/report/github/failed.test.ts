import { describe, expect, test } from 'vitest'
import { ProctorError } from '../../../../runner/domain/error.ts'
import { failedOutput } from '../../../../runner/report/github/failed.ts'
import { place } from './hostile-report.ts'

const at = (file: string, line = 7) => new ProctorError('config_invalid', '`gate`: found "high"', { place: { file, line, column: 3 } })

describe('when nothing could be examined', () => {
  test('the title says what happened, and how much more there is', () => {
    expect(failedOutput([at('a.yaml')], place).title).toBe('config_invalid: `gate`: found "high"')
    expect(failedOutput([at('a.yaml'), at('b.yaml'), at('c.yaml')], place).title).toBe(
      'config_invalid: `gate`: found "high", and 2 more problems',
    )
    expect(failedOutput([], place).title).toBe('Nothing could be examined')
    expect(failedOutput([new ProctorError('internal_error', 'x'.repeat(5000))], place).title.length).toBeLessThanOrEqual(255)
  })

  test('the summary says where, who must act, and the next step', () => {
    const { summary } = failedOutput([at('agents/fixer/evals/parser.yaml')], place)
    expect(summary).toContain(
      `[\`agents/fixer/evals/parser.yaml:7\`](https://github.example/acme/orders/blob/${place.sha}/agents/fixer/evals/parser.yaml#L7)`,
    )
    expect(summary).toContain('The author of the file must act: Correct the place that is named')
    expect(summary).toContain('- The base of this pull request is older than its baseline.')
  })

  test('of a log its end counts', () => {
    const log = `${'a line of pip\n'.repeat(5000)}ERROR: no such package ordrs\n`
    const { summary } = failedOutput(
      [new ProctorError('environment_setup_failed', 'pip failed', { command: 'pip install ordrs', log })],
      place,
    )
    expect(summary).toContain('ERROR: no such package ordrs\n```')
    expect(Buffer.byteLength(summary)).toBeLessThan(10_000)
  })

  test('annotates files of the repository, and no other', () => {
    const paths = (...files: string[]) =>
      failedOutput(
        files.map((file) => at(file)),
        place,
      ).annotations.map(({ path }) => path)
    expect(paths('evals/a.yaml', '/etc/passwd', '../x', 'a/../../x', '')).toEqual(['evals/a.yaml'])
    expect(failedOutput([at('a.yaml', 0)], place).annotations).toMatchObject([{ start_line: 1, end_line: 1, annotation_level: 'failure' }])
    expect(paths(...Array.from({ length: 200 }, (_, index) => `${index}.yaml`))).toHaveLength(50)
  })

  test('a thousand problems fit, and are counted', () => {
    const { summary } = failedOutput(
      Array.from({ length: 1000 }, (_, index) => at(`evals/${'long/'.repeat(40)}${index}.yaml`)),
      place,
    )
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_000)
    expect(summary).toMatch(/9[0-9]{2} more problems\./)
  })
})
