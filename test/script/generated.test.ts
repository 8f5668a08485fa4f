import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codes, explain } from '../../runner/domain/error.ts'
import { formats } from '../../runner/domain/formats.ts'

const root = join(import.meta.dirname, '../..')

test.each(['script/schemas.ts', 'script/docs.ts'])('what %s makes is fresh', (script) => {
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { cwd: root, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})

test('there is a schema for each format, and no other', () => {
  expect(readdirSync(join(root, 'schemas')).sort()).toEqual(
    Object.keys(formats)
      .map((name) => `${name}.schema.json`)
      .sort(),
  )
})

test('docs/errors.md is the table of codes', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \|(.*)\|$/gm)].map(
    ([, code, rest]) => [code, (rest ?? '').split(' | ').map((cell) => cell.trim())] as const,
  )
  expect(rows.map(([code]) => code).sort()).toEqual(Object.keys(codes).sort())
  for (const [code, cells] of rows) {
    const { what, who, next, retry, exit, conclusion } = explain(code as keyof typeof codes) // the line above has shown that it is one
    expect(cells, code).toEqual([what, who, next, retry ? 'yes' : 'no', String(exit), `\`${conclusion}\``])
  }
})

test('no text of the table breaks its row', () => {
  for (const [code, { what, who, next }] of Object.entries(codes)) expect([what, who, next].join(''), code).not.toMatch(/[|\n]/)
})
