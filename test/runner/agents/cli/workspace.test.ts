import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCommand } from '../../../../runner/agents/cli/command.ts'
import { recognise } from '../../../../runner/agents/cli/index.ts'
import { clearWorkspace } from '../../../../runner/agents/cli/workspace.ts'
import type { Sandbox } from '../../../../runner/seams/sandbox.ts'
import { there } from '../../../support/there.ts'

let folder: string
let outside: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-obeyed-'))
  outside = await mkdtemp(join(tmpdir(), 'proctor-aside-'))
})
afterEach(() => Promise.all([folder, outside].map((each) => rm(each, { recursive: true, force: true }))))

/** The workspace is a folder of this machine. */
const here = {
  async exec([program = '', ...args]: readonly string[], { cwd, onOutput }: NonNullable<Parameters<Sandbox['exec']>[1]> = {}) {
    const { stdout, stderr, status } = spawnSync(program, args, { cwd })
    onOutput?.({ stream: 'stdout', bytes: stdout })
    onOutput?.({ stream: 'stderr', bytes: stderr })
    return { exitCode: status ?? 1, timedOut: false, lost: 0 }
  },
} as unknown as Sandbox // the rest is not asked for
const cli = (command: string) => there(recognise(readCommand(command)))
const clear = (command: string, sandbox = here) => {
  const { obeyed = [] } = cli(command).prepare({ command: readCommand(command), harness: {}, env: {} })
  return clearWorkspace(cli(command), obeyed, sandbox, folder, join(outside, 'aside'))
}
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: folder, encoding: 'utf8' })
const write = async (path: string, text: string) => {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
}

test('what a CLI would obey is not there while it runs, git and the CLI see a clean tree, and all is as it was afterwards', async () => {
  git('init', '-q')
  for (const path of ['.opencode/plugin/a.js', '.opencode/opencode.json', '.aider.conf.yml', '.claude/settings.json'])
    await write(path, path)
  git('add', '.')
  git('commit', '-qm', 'all')
  for (const [command, gone] of [
    ['opencode run x', '.opencode'],
    ['aider', '.aider.conf.yml'],
  ] as const) {
    const { warnings, restore } = await clear(command)
    expect(warnings).toEqual([expect.stringContaining(`\`${gone}\` of the workspace was kept out of it`)])
    expect(await readdir(folder)).not.toContain(gone)
    expect(git('status', '--porcelain')).toBe('')
    await write('left.txt', command)
    await restore()
    expect(git('status', '--porcelain')).toBe('?? left.txt\n')
    expect(git('ls-files', '-v').match(/^S /m), 'git looks at it again').toBeNull()
    await rm(join(folder, 'left.txt'))
  }
  expect((await clear('claude -p x')).warnings).toEqual([])
})

test('what a CLI wrote where something was set aside is its work, and hides nothing else', async () => {
  await write('.opencode/plugin/a.js', 'old a')
  await write('.opencode/plugin/b.js', 'old b')
  await write('.aider.conf.yml', 'old')
  const cleared = [await clear('opencode run x'), await clear('aider')]
  await write('.opencode/plugin/a.js', 'new a')
  await mkdir(join(folder, '.aider.conf.yml'))
  for (const { restore } of cleared) await restore()
  expect(await readFile(join(folder, '.opencode/plugin/a.js'), 'utf8')).toBe('new a')
  expect(await readFile(join(folder, '.opencode/plugin/b.js'), 'utf8')).toBe('old b')
  expect(await readdir(join(folder, '.aider.conf.yml'))).toEqual([])
})

test('a link is moved as a link: what it leads to stays where it is', async () => {
  await writeFile(join(outside, 'secret.yml'), 'x')
  await symlink(join(outside, 'secret.yml'), join(folder, '.aider.conf.yml'))
  const { restore } = await clear('aider')
  expect(await readdir(folder)).toEqual([])
  expect(await readFile(join(outside, 'secret.yml'), 'utf8')).toBe('x')
  await restore()
  expect(await readlink(join(folder, '.aider.conf.yml'))).toBe(join(outside, 'secret.yml'))
})

test('an author who asks for the settings of the workspace gets them', async () => {
  await write('.aider.conf.yml', '')
  await write('.opencode/plugin/a.js', '')
  for (const command of [
    'aider --config .aider.conf.yml',
    'AIDER_CONFIG=.aider.conf.yml aider',
    'OPENCODE_DISABLE_PROJECT_CONFIG=0 opencode run x',
  ])
    expect([command, (await clear(command)).warnings]).toEqual([command, []])
  expect((await readdir(folder)).toSorted()).toEqual(['.aider.conf.yml', '.opencode'])
})

test('what could not be set aside is told', async () => {
  await write('.aider.conf.yml', '')
  // There is no folder to move it to.
  await writeFile(join(outside, 'aside'), '')
  const { warnings, restore } = await clear('aider')
  expect(warnings).toEqual([expect.stringContaining('Aider obeys `.aider.conf.yml` of the workspace, whatever it is told')])
  await restore()
  expect(await readdir(folder)).toEqual(['.aider.conf.yml'])
})

test('a sandbox that is gone is another one`s to report', async () => {
  const gone = { exec: () => Promise.reject(new Error('gone')) } as unknown as Sandbox
  const { warnings, restore } = await clear('aider', gone)
  expect(warnings).toEqual([])
  await restore()
})

test('what a CLI makes for itself in the workspace is taken away after it; what was there before stays', async () => {
  await mkdir(join(folder, '.aider.tags.cache.v3'))
  const { restore } = await clear('aider')
  await mkdir(join(folder, '.aider.tags.cache.v4'))
  await writeFile(join(folder, '.aider.tags.cache.v4', 'cache.db'), 'x')
  await writeFile(join(folder, 'main.py'), 'x')
  await restore()
  expect((await readdir(folder)).toSorted()).toEqual(['.aider.tags.cache.v3', 'main.py'])
})
