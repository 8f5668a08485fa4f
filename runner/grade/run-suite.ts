import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import { z } from 'zod'
import type { Exercise } from '../domain/plan.ts'
import { type ScorerSpec, TestsScorer } from '../domain/scorer.ts'
import type { GradeRequest, Room } from '../seams/room.ts'
import type { Once } from '../seams/sandbox.ts'
import { collectedFiles } from './collected.ts'
import { readJunit } from './formats/junit.ts'
import { readPytest } from './formats/pytest.ts'
import { readTap } from './formats/tap.ts'
import { inside } from './inside.ts'
import { shell } from './shell.ts'
import type { TestResults } from './test-results.ts'

const { command, format, results, fail_to_pass, pass_to_pass, negative_control, timeout_s } = TestsScorer.shape
export const TestsOptions = z.object({ command, format, results, fail_to_pass, pass_to_pass, negative_control, timeout_s })
export type TestsOptions = z.infer<typeof TestsOptions>

export type Suite = {
  readonly spec: ScorerSpec
  readonly options: TestsOptions
  readonly exercise: Exercise | undefined
  readonly room: Room
}
export type SuiteRun = { readonly ended: Once; readonly results: TestResults }
type How = {
  readonly tree: 'work' | 'baseline'
  readonly command?: string
  /** Given: what every test has to fail with, and the command that makes it so out of the one that runs the tests. */
  readonly failing?: { readonly message: string; wrap(command: readonly string[]): readonly string[] }
}

/** Runs the tests once in a fresh sandbox, and reads what they said of themselves. */
export async function runSuite(
  { spec, options, exercise, room }: Suite,
  { tree, command = options.command, failing }: How,
): Promise<SuiteRun> {
  const request = {
    as: 'user',
    tree,
    timeoutMs: options.timeout_s * (failing ? 2000 : 1000),
    ...(spec.files ? { files: spec.files } : {}),
  } as const
  if (options.format === 'pytest') {
    const out = `/var/tmp/${randomBytes(8).toString('hex')}`
    const asked = failing ? failing.wrap(shell(command)) : shell(command)
    const ended = await room.grade({
      ...request,
      command: asked,
      collect: out,
      ...pytestHooks({ out, exercise, message: failing?.message ?? '' }),
    })
    return { ended, results: readPytest((await texts(ended)).join('\n')) }
  }
  if (options.format === 'tap') {
    const ended = await room.grade({ ...request, command: shell(command) })
    return { ended, results: readTap(ended.stdout) }
  }
  // A report that the agent left there beforehand must not pass for one that the tests wrote.
  const report = posix.resolve('/home/user/workspace', options.results ?? 'junit.xml')
  const ended = await room.grade({
    ...request,
    command: [...shell('rm -rf -- "$1"; exec /bin/bash -c "$2"'), 'tests', report, command],
    collect: report,
  })
  return { ended, results: readJunit(await texts(ended)) }
}

/** Whoever's command line it is that starts pytest, these reach it: a plugin of ours, found by each interpreter, and no cache to read or leave. */
function pytestHooks({
  out,
  exercise,
  message,
}: {
  out: string
  exercise: Exercise | undefined
  message: string
}): Pick<GradeRequest, 'env' | 'extra'> {
  const plugin = inside('proctor_results.py').replace('"@OUT@"', JSON.stringify(out)).replace('"@MESSAGE@"', JSON.stringify(message))
  const own = (name: string) => (typeof exercise?.environment.env[name] === 'string' ? [exercise.environment.env[name]] : [])
  return {
    env: {
      PYTEST_ADDOPTS: ['-p proctor_results -o cache_dir=/var/tmp/pytest-cache', ...own('PYTEST_ADDOPTS')].join(' '),
      PYTHONPATH: ['/proctor/lib', ...own('PYTHONPATH')].join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONNOUSERSITE: '1',
    },
    // The second one is for command lines that set a PYTHONPATH of their own.
    extra: { '/proctor/lib/proctor_results.py': plugin, '/usr/local/lib/python3.13/dist-packages/proctor_results.py': plugin },
  }
}

const texts = async ({ collected }: Once) =>
  (await collectedFiles(collected)).filter(({ name }) => !/\.(?!xml$)\w+$/.test(name)).map(({ text }) => text)
