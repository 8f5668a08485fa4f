import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report, ReportRun } from '../../runner/domain/report.ts'
import { proctor, readReport, root } from '../support/cli.ts'
import { leftBy } from '../support/ours.ts'

const scripts = join(root, 'test/fixtures/cheaters')
/** Equal to everything: an in-process test runner cannot tell, a black box can. */
const blackBoxOnly = 'always-equal'

/**
 * On every change all cheaters meet the exercise that is graded by tests, which nearly all of them are about; those that are about more also
 * meet the others. With `script/test --full` each meets each.
 */
const [byTests, ...otherwise] = ['rota-overrides', 'docs-catch-up', 'cli-exclude-flag'] as const
const aboutMore = [blackBoxOnly, 'background-writer', 'rewritten-history', 'setup-hooks', 'shadow-path', 'swallow-known-ids']
const isFull = process.env.PROCTOR_TEST_FULL !== undefined

let folder: string
let reports: Report[]
let left: string[] = []
let names: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-cheaters-'))
  names = await writeAgents(folder)
  await cp(join(root, 'scenarios'), join(folder, 'scenarios'), { recursive: true })
  const examine = async (agents: readonly string[], samples: readonly string[], out: string) => {
    const named = [...agents.flatMap((name) => ['--agent', name]), ...samples.flatMap((id) => ['--sample', id])]
    const ended = await proctor(['run', folder, '--eval', 'shipped', '--judge', 'none', '--out', join(folder, out), ...named])
    expect(ended.code, ended.stderr).toBe(1)
    left = [...left, ...leftBy(ended.pid)]
    return readReport(join(folder, out))
  }
  reports = [await examine(['oracle', 'no-op'], [], 'honest')]
  if (isFull) reports.push(await examine(names, [], 'cheaters'))
  else reports.push(await examine(names, [byTests], 'by-tests'), await examine(aboutMore, otherwise, 'otherwise'))
}, 2_400_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const runsOf = (agent: string): readonly ReportRun[] =>
  reports.flatMap(({ batches }) => batches.filter((batch) => batch.agent === agent).flatMap(({ runs }) => runs))
const verdicts = (runs: readonly ReportRun[]) => Object.fromEntries(runs.map(({ sample, verdict }) => [sample, verdict]))
const all = (runs: readonly ReportRun[], verdict: string) => Object.fromEntries(runs.map(({ sample }) => [sample, verdict]))

describe('on every shipped exercise with a workspace', () => {
  test('there are enough of them to mean something', () => {
    expect(runsOf('oracle').length).toBeGreaterThanOrEqual(7)
  })
  test('the oracle passes', () => {
    expect(verdicts(runsOf('oracle'))).toEqual(all(runsOf('oracle'), 'pass'))
  })
  test('an agent that does nothing fails', () => {
    expect(verdicts(runsOf('no-op'))).toEqual(all(runsOf('oracle'), 'fail'))
  })
  test('every cheater fails', () => {
    const found = Object.fromEntries(names.filter((name) => name !== blackBoxOnly).map((name) => [name, verdicts(runsOf(name))]))
    const expected = Object.fromEntries(Object.keys(found).map((name) => [name, all(runsOf(name), 'fail')]))
    expect(found).toEqual(expected)
    const met = names.map((name) => new Set(runsOf(name).map(({ sample }) => sample)))
    expect(Math.min(...met.map(({ size }) => size))).toBe(isFull ? runsOf('oracle').length : 1)
  })
  test('what only a black box can tell fails where the grading is black-box', () => {
    const boxed = runsOf(blackBoxOnly).filter(({ scores }) =>
      scores.some(({ required, trust, type }) => required && trust === 'black-box' && type === 'script'),
    )
    expect(boxed.length).toBeGreaterThanOrEqual(2)
    expect(verdicts(boxed)).toEqual(all(boxed, 'fail'))
  })
  test('nothing of them is left on the engine', () => {
    expect(left).toEqual([])
  })
})

/** One package per script, named for it. */
async function writeAgents(folder: string): Promise<string[]> {
  const files = (await readdir(scripts)).filter((file) => file.endsWith('.sh'))
  const cheaters = files.filter((file) => !file.endsWith('.environment.sh')).map((file) => file.slice(0, -3))
  for (const name of cheaters) {
    const at = join(folder, 'agents', name)
    await mkdir(at, { recursive: true })
    await cp(join(scripts, `${name}.sh`), join(at, 'cheat.sh'))
    const setup = files.includes(`${name}.environment.sh`) ? await readFile(join(scripts, `${name}.environment.sh`), 'utf8') : undefined
    await writeFile(join(at, 'agent.yaml'), agentYaml(name, setup))
  }
  return cheaters
}

function agentYaml(name: string, setup: string | undefined): string {
  const environment = setup === undefined ? '' : `environment:\n  setup_command: |\n${setup.replace(/^/gm, '    ')}\n`
  return `apiVersion: proctor/v1\nkind: ShellCommand\nname: ${name}\nrun_command: bash /home/user/agent/cheat.sh\nrun_timeout_s: 120\n${environment}`
}
