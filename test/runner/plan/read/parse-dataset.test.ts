import { describe, expect, test } from 'vitest'
import { missingUser, parseDataset } from '../../../../runner/plan/read/parse-dataset.ts'
import { shown, written } from '../../../support/written.ts'

async function parse(content: string | Uint8Array) {
  await using tree = await written({ 'd.csv': content })
  const { columns, rows, problems } = await parseDataset(tree.at('d.csv'), 'd.csv')
  return { columns, rows: rows.map(({ line, cells }) => [line, ...cells.values()]), problems: problems.map(shown) }
}

describe('rows and the lines where they begin', () => {
  test.each<[string, string, unknown[]]>([
    [
      'plain',
      'user,n\na,1\nb,2\n',
      [
        [2, 'a', '1'],
        [3, 'b', '2'],
      ],
    ],
    ['no newline at the end', 'user\na', [[2, 'a']]],
    ['a byte order mark', '\ufeffuser\na\n', [[2, 'a']]],
    [
      'Windows line ends',
      'user,n\r\na,1\r\nb,2\r\n',
      [
        [2, 'a', '1'],
        [3, 'b', '2'],
      ],
    ],
    [
      'old Macintosh line ends',
      'user\ra\rb',
      [
        [2, 'a'],
        [3, 'b'],
      ],
    ],
    [
      'mixed line ends',
      'user\r\na\nb\r\nc',
      [
        [2, 'a'],
        [3, 'b'],
        [4, 'c'],
      ],
    ],
    [
      'newlines in quotes',
      'user,n\n"x\ny\nz",1\nb,2\n',
      [
        [2, 'x\ny\nz', '1'],
        [5, 'b', '2'],
      ],
    ],
    [
      'Windows newlines in quotes',
      'user\r\n"x\r\ny"\r\nb\r\n',
      [
        [2, 'x\r\ny'],
        [4, 'b'],
      ],
    ],
    [
      'blank rows',
      'user,n\n\na,1\n\n  \n,,\nb,2\n',
      [
        [3, 'a', '1'],
        [7, 'b', '2'],
      ],
    ],
    ['blank rows before the titles', '\n\nuser\na\n', [[4, 'a']]],
    ['doubled quotes and commas', 'user\n"say ""hi"", now"\n', [[2, 'say "hi", now']]],
    ['spaces are kept in cells, not in titles', ' user , n\n a , b\n', [[2, ' a ', ' b']]],
    ['unicode', 'user\n日本語 🎉 e\u0301\n', [[2, '日本語 🎉 e\u0301']]],
  ])('%s', async (_, text, expected) => {
    const { rows, problems } = await parse(text)
    expect(problems).toEqual([])
    expect(rows).toEqual(expected)
  })
})

describe('what is wrong is named with its line', () => {
  test.each<[string, string | Uint8Array, string[]]>([
    ['nothing', '', ['d.csv:1 dataset_invalid found nothing; accepted: a first line with column titles, and rows']],
    ['a mark and nothing', '\ufeff', ['d.csv:1 dataset_invalid found nothing; accepted: a first line with column titles, and rows']],
    ['titles only', 'user,n\n\n', ['d.csv:1 dataset_invalid found column titles, but no row']],
    ['titles twice', 'user,n,user\na,1,2\n', ['d.csv:1 dataset_invalid columns 1 and 3 are both titled `user`']],
    ['a column without title', 'user,\na,1\n', ['d.csv:1 dataset_invalid column 2 has no title']],
    [
      'ragged rows, all of them',
      'user,n\na\nb,1\nc,1,2\n',
      [
        'd.csv:2 dataset_invalid found 1 cells; accepted: 2, as many as there are columns',
        'd.csv:4 dataset_invalid found 3 cells; accepted: 2, as many as there are columns. A cell with a comma needs quotes',
      ],
    ],
    [
      'a quote that stays open',
      'user\na\n"b\nc\n',
      ['d.csv:3 dataset_invalid found a quote that is never closed, in the row that begins here'],
    ],
    [
      'a quote in a cell',
      'user\nsay "hi"\n',
      [
        'd.csv:2 dataset_invalid found a quote in the middle of a cell, in the row that begins here; accepted: a cell with quotes is quoted as a whole, and its quotes are written twice',
      ],
    ],
    [
      'text behind a quote',
      'user\n"a"b\n',
      [
        'd.csv:2 dataset_invalid found text behind a closing quote, in the row that begins here; accepted: a quote inside quotes is written twice',
      ],
    ],
    [
      'Latin-1',
      Buffer.from('user\ncaf\xe9\n', 'latin1'),
      ['d.csv:1 dataset_invalid found bytes that are not UTF-8; accepted: UTF-8 text. Save the file as UTF-8'],
    ],
    [
      'UTF-16',
      Buffer.from('\ufeffuser\na\n', 'utf16le'),
      ['d.csv:1 dataset_invalid found bytes that are not UTF-8; accepted: UTF-8 text. Save the file as UTF-8'],
    ],
    ['a NUL', 'user\na\0b\n', ['d.csv:2 dataset_invalid found a NUL character; accepted: text']],
    [
      'a cell of 10 MB',
      `user\na\n${'x'.repeat(10_000_000)}\n`,
      ['d.csv:3 dataset_invalid found a row of more than 1048576 bytes; accepted: at most 1048576'],
    ],
    [
      'a quoted cell of 10 MB',
      `user\n"${'x\n'.repeat(5_000_000)}"\n`,
      ['d.csv:2 dataset_invalid found a row of more than 1048576 bytes; accepted: at most 1048576'],
    ],
  ])('%s', async (_, text, expected) => {
    expect((await parse(text)).problems).toEqual(expected)
  })

  test('a file that is not there', async () => {
    expect((await parseDataset('/nowhere/d.csv', 'd.csv')).problems.map(shown)).toEqual(['d.csv:1 dataset_invalid cannot be read (ENOENT)'])
  })

  test('reading ends when enough is wrong, or there are too many rows', async () => {
    expect((await parse(`user,n\n${'a\n'.repeat(100_000)}`)).problems).toHaveLength(50)
    const { problems, rows } = await parse(`user\n${'a\n'.repeat(150_000)}`)
    expect(problems).toEqual([expect.stringMatching('found more than 100000 rows')])
    expect(rows.length).toBeLessThanOrEqual(100_001)
  })
})

test('memory does not grow with the size of a file that is refused', async () => {
  await using tree = await written({ 'd.csv': `user\n"${'y'.repeat(60_000_000)}` })
  const before = process.memoryUsage().rss
  expect((await parseDataset(tree.at('d.csv'), 'd.csv')).problems).toHaveLength(1)
  expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000)
})

describe('the missing column', () => {
  test.each([
    [['user_instruction', 'expected'], '`user_instruction`'],
    [['id', 'input', 'expected'], '`input`'],
    [['Prompt'], '`Prompt`'],
    [['USER'], '`USER`'],
    [['usr', 'x'], '`usr`'],
  ])('%j', (columns, meant) => {
    expect(shown(missingUser(columns, 'd.csv'))).toBe(
      `d.csv:1 dataset_invalid the column \`user\` is missing; found ${meant}; did you mean \`user\`?`,
    )
  })

  test('nothing that comes close', () => {
    expect(missingUser(['act', 'language'], 'd.csv').message).toBe('the column `user` is missing; found: act, language')
  })
})
