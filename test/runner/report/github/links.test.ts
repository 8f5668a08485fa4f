import { describe, expect, test } from 'vitest'
import { commitLink, lineLink, link } from '../../../../runner/report/github/blocks/links.ts'
import { attacks, place } from './hostile-report.ts'
import { rendered } from './rendered.ts'

const own = `${place.serverUrl}/acme/orders/`

describe('an address', () => {
  test.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'https:///x', 'ftp://x', '', ' https://x'])(
    '%j is none of the web',
    (url) => {
      expect(link('label', url)).toBe('label')
    },
  )

  test.each(['x) [y](https://evil.example', 'x> <img src=x>', 'x "onclick=y', 'a b\nc', 'x\\', 'x`y`', '\u0000'])(
    '%j stays one address',
    (end) => {
      const { links, tags } = rendered(`before ${link('label', `${own}${end}`)} after`)
      expect(tags.map(({ name }) => name)).toEqual(['p', 'a'])
      expect(links[0]?.startsWith(own)).toBe(true)
    },
  )
})

describe('a commit', () => {
  test('is linked when it is one', () => {
    expect(commitLink(place.sha, place)).toBe(`[\`9b1f0c4\`](${own}commit/${place.sha})`)
    expect(commitLink('9b1f0c4', place)).toBe('`9b1f0c4`')
    expect(commitLink('uncommitted', place)).toBe('`uncommitted`')
  })

  test.each(Object.entries(attacks))('is no link when it is %s', (_, attack) => {
    expect(rendered(`x ${commitLink(`${place.sha}/../${attack}`, place)}`).links).toEqual([])
  })
})

describe('a line of a file', () => {
  test.each([
    ['evals/parser.csv', 'evals/parser.csv'],
    ['a b/c#d?.yaml', 'a%20b/c%23d%3F.yaml'],
    ['日本/語.csv', '%E6%97%A5%E6%9C%AC/%E8%AA%9E.csv'],
  ])('%s', (file, path) => {
    expect(rendered(lineLink({ file, line: 3 }, place)).links).toEqual([`${own}blob/${place.sha}/${path}#L3`])
  })

  test.each(['../../../evil/repo', 'a/../../x', './x', '/etc/passwd', 'a//b', ''])('%j is no file of the repository', (file) => {
    expect(rendered(lineLink({ file, line: 3 }, place)).links).toEqual([])
  })

  test.each(Object.entries(attacks))('leads nowhere else by %s', (_, attack) => {
    const { links } = rendered(`x ${lineLink({ file: `evals/${attack}`, line: 3 }, place)} y`)
    for (const href of links) expect(new URL(href).href.startsWith(`${own}blob/${place.sha}/evals/`)).toBe(true)
    expect(links.length).toBeLessThanOrEqual(1)
  })
})
