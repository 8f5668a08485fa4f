import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCommand } from '../../../../runner/agents/cli/command.ts'
import { recognise } from '../../../../runner/agents/cli/index.ts'
import { lookAround } from '../../../../runner/agents/cli/workspace.ts'
import type { Sandbox } from '../../../../runner/seams/sandbox.ts'
import { there } from '../../../support/there.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-obeyed-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The workspace is a folder of this machine. */
const here = {
  async exec([program = '', ...args]: readonly string[], { cwd, onOutput }: NonNullable<Parameters<Sandbox['exec']>[1]> = {}) {
    const { stdout, stderr, status } = spawnSync(program, args, { cwd })
    onOutput?.({ stream: 'stdout', bytes: stdout })
    onOutput?.({ stream: 'stderr', bytes: stderr })
    return { exitCode: status ?? 1, timedOut: false, lost: 0 }
  },
} as unknown as Sandbox // the rest is not asked for
const look = (command: string, sandbox = here) => lookAround(there(recognise(readCommand(command))), sandbox, folder)
const warningsOf = async (command: string) => (await look(command)).warnings

test('settings of the workspace that a CLI obeys whatever it is told are remarked on, when they are there', async () => {
  for (const command of ['aider', 'opencode run x', 'claude -p x']) expect(await warningsOf(command)).toEqual([])
  await writeFile(join(folder, '.aider.conf.yml'), '')
  await mkdir(join(folder, '.opencode'))
  await mkdir(join(folder, '.claude'))
  expect(await warningsOf('aider')).toEqual([expect.stringContaining('Aider obeys `.aider.conf.yml` of the workspace')])
  expect(await warningsOf('opencode run x')).toEqual([expect.stringContaining('opencode obeys `.opencode`')])
  expect(await warningsOf('claude -p x')).toEqual([])
})

test('a sandbox that is gone is another one`s to report', async () => {
  const gone = { exec: () => Promise.reject(new Error('gone')) } as unknown as Sandbox
  const { warnings, clear } = await look('aider', gone)
  expect(warnings).toEqual([])
  await clear()
})

test('what a CLI makes for itself in the workspace is taken away after it; what was there before stays', async () => {
  await mkdir(join(folder, '.aider.tags.cache.v3'))
  const { clear } = await look('aider')
  await mkdir(join(folder, '.aider.tags.cache.v4'))
  await writeFile(join(folder, '.aider.tags.cache.v4', 'cache.db'), 'x')
  await writeFile(join(folder, 'main.py'), 'x')
  await clear()
  expect((await readdir(folder)).toSorted()).toEqual(['.aider.tags.cache.v3', 'main.py'])
})
