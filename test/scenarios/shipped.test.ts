import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPackage } from '../../runner/plan/read/read-package.ts'
import { shown } from '../support/written.ts'

/** What can be said of the shipped scenarios without a container; that oracles pass and cheaters fail is shown in test/e2e. */
const folder = join(import.meta.dirname, '../../scenarios')
const { scenarios, evals, problems } = readPackage(folder)
const named = scenarios.map(({ path, value }) => ({ home: join(path, '..'), ...value }))
const text = (...parts: string[]) => readFileSync(join(folder, ...parts), 'utf8')

test('all of them can be read', () => {
  expect(problems.map(shown)).toEqual([])
  expect(named.length).toBeGreaterThanOrEqual(8)
})

test('the eval over all of them misses none', () => {
  const rows = text('shipped.csv').trimEnd().split('\n').slice(1)
  expect(rows.map((row) => row.split(',').at(-1)).sort()).toEqual(named.map(({ name }) => name).sort())
  expect(evals.map(({ value }) => value.name)).toContain('shipped')
})

describe.each(named)('$name', ({ name, home, instruction, oracle, workspace, scorers }) => {
  test('lies in a folder of its name, with instruction, known solution and a line in the README', () => {
    expect(home).toBe(join(folder, name))
    expect(instruction?.trim()).toBeTruthy()
    expect(oracle).toBeDefined()
    expect(text('README.md')).toContain(`| \`${name}\` |`)
  })

  test('keeps hidden what decides, out of the workspace', () => {
    const deciding = scorers.flatMap((scorer) => ('files' in scorer && scorer.files !== undefined && scorer.required ? [scorer.files] : []))
    expect(deciding).toContain('checks')
    expect(existsSync(join(home, 'workspace', 'checks'))).toBe(false)
  })

  test('is of a size that means something', () => {
    if (typeof workspace === 'object' && 'package' in workspace)
      expect(text('README.md')).toContain(`${workspace.package.name} ${workspace.package.version}`)
    else expect(linesBelow(join(home, 'workspace'))).toBeGreaterThanOrEqual(300)
  })
})

test('several use a published package, and several are graded as a black box', () => {
  expect(named.filter(({ workspace }) => typeof workspace === 'object' && 'package' in workspace).length).toBeGreaterThanOrEqual(3)
  expect(named.filter(({ scorers }) => scorers.some(({ type, required }) => type === 'script' && required)).length).toBeGreaterThanOrEqual(
    2,
  )
})

function linesBelow(path: string): number {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8').split('\n').length - 1
  return readdirSync(path).reduce((sum, name) => sum + linesBelow(join(path, name)), 0)
}
