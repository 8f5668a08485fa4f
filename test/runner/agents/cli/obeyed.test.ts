import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCommand } from '../../../../runner/agents/cli/command.ts'
import { recognise } from '../../../../runner/agents/cli/index.ts'
import { obeyedWarnings } from '../../../../runner/agents/cli/obeyed.ts'
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
const warningsOf = (command: string, sandbox = here) => obeyedWarnings(there(recognise(readCommand(command))), sandbox, { cwd: folder })

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
  expect(await warningsOf('aider', gone)).toEqual([])
})
