import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../support/cli.ts'
import { release } from '../support/release.ts'

let scratch: string
/** Outside of the repository, so that nothing is found there by looking upwards. */
let installed: string

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'proctor-build-'))
  installed = join(scratch, 'installed')
  cpSync(await release(), installed, { recursive: true })
}, 300_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
const start = (entry: string, variables: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, [join(installed, entry)], {
    cwd: scratch,
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...variables },
    encoding: 'utf8',
  })

test('the same sources give the same bytes', () => {
  const { status, stdout, stderr } = spawnSync(join(root, 'script/check-dist'), { cwd: scratch, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^check-dist: .* is what the sources give\n$/)
}, 300_000)

describe('the bundle', () => {
  test('says nothing of the machine that made it', () => {
    const texts = filesIn(join(installed, 'dist')).map((file) => [file, readFileSync(join(installed, 'dist', file), 'utf8')] as const)
    expect(texts.filter(([, text]) => text.includes(root)).map(([file]) => file)).toEqual([])
    expect(texts.length).toBeGreaterThan(20)
  })

  test('has what runs in a sandbox, beside each of its parts', () => {
    const sources = filesIn(join(root, 'runner')).filter((file) => /\/inside\/\w+\.py$/.test(file))
    const names = sources.map((file) => file.split('/').at(-1) ?? '').sort()
    expect(names.length).toBeGreaterThan(3)
    for (const part of ['dist', 'dist/action']) {
      expect(readdirSync(join(installed, part, 'inside')).sort()).toEqual(names)
      const asked = filesIn(join(installed, part))
        .filter((file) => /^[^/]+\.js$/.test(file))
        .flatMap((file) => [...readFileSync(join(installed, part, file), 'utf8').matchAll(/new URL\(['`]\.\/inside\/([^'`]+)/g)])
        .map(([, name]) => name ?? '')
      expect(asked.length).toBeGreaterThan(0)
      expect(asked.filter((name) => !name.includes('$') && !names.includes(name))).toEqual([])
    }
  })

  test('loads no package but what it brings', () => {
    const imported = ['dist', 'dist/action'].flatMap((part) =>
      filesIn(join(installed, part))
        .filter((file) => /^[^/]+\.js$/.test(file))
        .flatMap((file) => [
          ...readFileSync(join(installed, part, file), 'utf8').matchAll(/^(?:import|export)\b[^'"\n]*?['"]([^'"\n]+)['"];$/gm),
        ])
        .map(([, name]) => name ?? ''),
    )
    expect(imported.length).toBeGreaterThan(20)
    expect(imported.filter((name) => !name.startsWith('./') && !name.startsWith('node:') && !isBuiltin(name))).toEqual([])
  })
})

describe('without node_modules', () => {
  test('the action says where it belongs when it is not on GitHub', () => {
    const { status, stdout, stderr } = start('dist/action/main.js', { INPUT_TOKEN: 'ghs_of-nobody' })
    expect([status, stderr]).toEqual([1, ''])
    expect(stdout).toContain('this is an action of GitHub: at a desk, use `proctor run`')
  })

  test('its second step has nothing to do when the first left nothing', () => {
    expect(start('dist/action/post.js')).toMatchObject({ status: 0, stderr: '' })
  })

  test('the CLI runs, and finds what ships beside it', () => {
    const printed = execFileSync(process.execPath, [join(installed, 'dist/proctor.js'), 'schema'], { cwd: scratch, encoding: 'utf8' })
    expect(printed.split('\n')).toContain('agent')
  })

  test('script/bootstrap --image finds engine and image, and installs no dependencies', () => {
    const run = spawnSync(join(installed, 'script/bootstrap'), ['--image'], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...certificates() },
      encoding: 'utf8',
    })
    expect([run.status, run.stderr]).toEqual([0, expect.stringMatching(/^bootstrap: ready \(\d+ s\)\n$/)])
    expect(existsSync(join(installed, 'node_modules'))).toBe(false)
  })
})

test('script/build does not overwrite a folder that it is pointed at', () => {
  mkdirSync(join(scratch, 'precious'))
  const { status, stderr } = spawnSync(join(root, 'script/build'), ['precious'], { cwd: scratch, encoding: 'utf8' })
  expect([status, stderr]).toEqual([2, expect.stringContaining('exists already')])
})

const isBuiltin = (name: string) => process.getBuiltinModule(name) !== undefined

/** The image's name covers what containers are to trust. */
const certificates = () =>
  Object.fromEntries(
    ['PROCTOR_EXTRA_CA_CERTS', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
