import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cycleIn, importsOf, reachedFrom, sources } from './support/imports.ts'

const root = join(import.meta.dirname, '..')
const doors = ['runner', 'cli', 'action', 'app']
const imports = importsOf(root, doors)
const inside = imports.filter(({ isPackage }) => !isPackage)

/** Who may import whom, by the beginning of the path. First line that fits a file counts. ARCHITECTURE.md draws the same arrows. */
const arrows: readonly (readonly [from: string, to: readonly string[]])[] = [
  ['runner/domain/', ['runner/domain/']],
  ['runner/seams/', ['runner/seams/', 'runner/domain/']],
  ['runner/lib/', ['runner/lib/', 'runner/domain/']],
  ['runner/agents/', ['runner/agents/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  ['runner/plan/', ['runner/plan/', 'runner/agents/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  ['runner/run/', ['runner/run/', 'runner/agents/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  ['runner/grade/', ['runner/grade/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  ['runner/report/', ['runner/report/', 'runner/lib/', 'runner/domain/']],
  [
    'runner/evaluate.ts',
    ['runner/plan/', 'runner/run/', 'runner/grade/', 'runner/report/', 'runner/agents/', 'runner/seams/', 'runner/lib/', 'runner/domain/'],
  ],
  ['runner/adapters/preset.ts', ['runner/adapters/', 'runner/seams/', 'runner/domain/']],
  // git is one of the fetcher's sources, and speaks its language.
  ['runner/adapters/git/', ['runner/adapters/git/', 'runner/adapters/fetch/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  // Gateway and judge ask providers only through the one that holds keys, prices, budgets and recorded answers.
  ['runner/adapters/gateway/', ['runner/adapters/gateway/', 'runner/adapters/upstream/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  ['runner/adapters/openai/', ['runner/adapters/openai/', 'runner/adapters/upstream/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  ['runner/adapters/', ['own folder', 'runner/report/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  // A terminal is one more view of a report.
  [
    'cli/',
    [
      'cli/',
      'app/',
      'runner/evaluate.ts',
      'runner/adapters/preset.ts',
      'runner/plan/',
      'runner/report/',
      'runner/seams/',
      'runner/lib/',
      'runner/domain/',
    ],
  ],
  [
    'action/',
    [
      'action/',
      'runner/evaluate.ts',
      'runner/adapters/preset.ts',
      'runner/plan/',
      'runner/report/',
      'runner/seams/',
      'runner/lib/',
      'runner/domain/',
    ],
  ],
  ['app/events/', ['app/events/']],
  ['app/store/', ['app/store/', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  ['app/desk/', ['app/desk/', 'app/store/', 'runner/adapters/preset.ts', 'runner/seams/', 'runner/lib/', 'runner/domain/']],
  [
    'app/',
    [
      'app/',
      'runner/evaluate.ts',
      'runner/adapters/preset.ts',
      'runner/plan/',
      'runner/report/',
      'runner/seams/',
      'runner/lib/',
      'runner/domain/',
    ],
  ],
]

describe('the arrows', () => {
  test.each(arrows)('%s imports only what it may', (from, allowed) => {
    const own = inside.filter((edge) => arrows.find(([prefix]) => edge.from.startsWith(prefix))?.[0] === from)
    const folder = (path: string) => path.split('/').slice(0, 3).join('/')
    const wrong = own.filter(
      ({ from, to }) => !allowed.some((prefix) => (prefix === 'own folder' ? folder(from) === folder(to) : to.startsWith(prefix))),
    )
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  test('every source file stands under a rule', () => {
    const files = doors.flatMap((folder) => sources(join(root, folder))).map((file) => file.slice(root.length + 1))
    expect(files.filter((file) => !arrows.some(([prefix]) => file.startsWith(prefix)))).toEqual([])
  })

  test('there is no cycle, of types neither', () => {
    expect(cycleIn(imports)).toBeUndefined()
  })

  test('a cycle would be seen', () => {
    const edge = (from: string, to: string) => ({ from, to, isPackage: false, isLazy: false })
    expect(cycleIn([edge('a', 'b'), edge('b', 'c'), edge('c', 'a')])).toEqual(['a', 'b', 'c', 'a'])
  })
})

test('each package from npm is imported in one folder, zod beside the domain by the doors of data', () => {
  const everywhere = new Set(['zod'])
  const packages = Map.groupBy(
    imports.filter(({ isPackage, to }) => isPackage && !everywhere.has(to)),
    ({ to }) => to,
  )
  const spread = [...packages].map(([name, edges]) => [name, [...new Set(edges.map(({ from }) => house(from)))]] as const)
  expect(spread.filter(([, houses]) => houses.length > 1)).toEqual([])
})

/** The folder that a package belongs to: a door as a whole but for its store, a part of the engine, one foreign system among the adapters. */
function house(file: string): string {
  const depth = file.startsWith('runner/adapters/') ? 3 : /^(runner|app\/store)\//.test(file) ? 2 : 1
  return file.split('/').slice(0, depth).join('/')
}

test('a process that runs sandboxes has nothing with which to speak to GitHub', () => {
  const worker = reachedFrom('cli/commands/worker.ts', [...imports, ...lazily('cli/commands/worker.ts')])
  expect([...worker].filter((to) => /^(probot|@octokit\/)/.test(to) || to.startsWith('runner/adapters/github/'))).toEqual([])
  expect(worker).toContain('app/worker.ts')
  const web = reachedFrom('app/web.ts', [...imports, ...lazily('runner/adapters/preset.ts')])
  expect(web).toContain('probot')
  expect(web).toContain('@octokit/rest')
})

/** What a door loads by a call, as if it did so at once. */
const lazily = (file: string) => imports.filter(({ from, isLazy }) => from === file && isLazy).map((edge) => ({ ...edge, isLazy: false }))

test('nobody below a door reads the environment', () => {
  const readers = [...sources(join(root, 'runner')), ...sources(join(root, 'app'))].filter((file) =>
    /process\.env\b/.test(readFileSync(file, 'utf8')),
  )
  expect(readers).toEqual([])
})

/** The tables of a database are one list, however long. */
const isSchema = (file: string) => /\/app\/store\/database\/(tables|migrations\/.*)\.ts$/.test(file)

test('the story stays on one screen, and no file hides a second concept behind its length', () => {
  const lines = (file: string) => readFileSync(file, 'utf8').split('\n').length
  expect(lines(join(root, 'runner/evaluate.ts'))).toBeLessThanOrEqual(80)
  const long = doors.flatMap((folder) => sources(join(root, folder))).filter((file) => lines(file) > 250 && !isSchema(file))
  expect(long).toEqual([])
})

test('no drawer for odds and ends', () => {
  const drawers = /(^|[/-])(utils?|helpers?|common|misc|types|managers?|services?)(\.|\/|-|$)/
  expect(
    [...doors, 'test']
      .flatMap((folder) => sources(join(root, folder)))
      .map((file) => file.slice(root.length))
      .filter((file) => drawers.test(file)),
  ).toEqual([])
})
