import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { proctor, readReport } from '../support/cli.ts'
import { leftBy } from '../support/ours.ts'
import { ownEngine } from '../support/own-engine.ts'
import { slowPackage } from '../support/slow-package.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function slow(seconds: readonly number[]) {
  const folder = await slowPackage(seconds)
  folders.push(folder)
  return { folder, out: join(folder, 'out') }
}

describe('Ctrl-C', () => {
  test('once: what finished is kept, the rest is missing, nothing stays, and a resumed run repeats nothing', async () => {
    const { folder, out } = await slow([0, 60])
    const stopped = await proctor(['run', folder, '--out', out, '--concurrency', '1'], {
      onOutput: (text, child) => void (text.includes('[1/2]') && setTimeout(() => child.kill('SIGINT'), 1500)),
    })
    expect(stopped.stderr).toMatch(/stopping:[\s\S]*--resume/)
    expect(stopped.code).toBe(130)
    expect(leftBy(stopped.pid)).toEqual([])

    const half = await readReport(out)
    expect(half).toMatchObject({ state: 'incomplete', totals: { runs: 1, pass: 1 } })
    expect(half.missing).toHaveLength(1)

    const resumed = await proctor(['run', '--resume', out, '--concurrency', '1'], {
      onOutput: (text, child) => void (text.includes('already recorded') && setTimeout(() => child.kill('SIGINT'), 2500)),
    })
    expect(resumed.stderr).toContain('1 already recorded')
    const again = await readReport(out)
    expect(again.batches[0]?.runs.find(({ sample }) => sample === 's0')).toEqual(
      half.batches[0]?.runs.find(({ sample }) => sample === 's0'),
    )
    expect(leftBy(resumed.pid)).toEqual([])
  }, 120_000)

  test('twice: at once', async () => {
    const { folder, out } = await slow([60])
    let sent = 0
    const started = Date.now()
    const stopped = await proctor(['run', folder, '--out', out], {
      onOutput: (text, child) => {
        if (text.includes('planned')) setTimeout(() => child.kill('SIGINT'), 2000)
        if (text.includes('stopping:') && sent++ === 0) child.kill('SIGINT')
      },
    })
    expect(stopped.code).toBe(130)
    expect(Date.now() - started).toBeLessThan(30_000)
    const next = await slow([0])
    expect((await proctor(['run', next.folder, '--out', next.out])).code).toBe(0)
    expect(leftBy(stopped.pid)).toEqual([])
  }, 120_000)
})

test('after kill -9 the next start removes what was left, leaves a living neighbour alone, and resumes', async () => {
  const dead = await slow([0, 45])
  const neighbour = await slow([25])
  const killed = await proctor(['run', dead.folder, '--out', dead.out, '--concurrency', '1'], {
    onOutput: (text, child) => void (text.includes('[1/2]') && setTimeout(() => child.kill('SIGKILL'), 2000)),
  })
  expect(killed.code).toBeNull()
  expect(leftBy(killed.pid).length).toBeGreaterThan(0)

  let neighboursPid = 0
  const living = proctor(['run', neighbour.folder, '--out', neighbour.out], {
    onOutput: (_, child) => {
      neighboursPid = child.pid ?? 0
    },
  })
  while (neighboursPid === 0 || leftBy(neighboursPid).length === 0) await wait(200)
  const resumed = await proctor(['run', '--resume', dead.out], {
    onOutput: (text, child) => void (text.includes('already recorded') && setTimeout(() => child.kill('SIGINT'), 6000)),
  })
  expect(resumed.stderr).toContain('1 already recorded')
  expect(leftBy(killed.pid)).toEqual([])
  const ended = await living
  expect(ended.code, 'the neighbour went on').toBe(0)
  expect([...leftBy(resumed.pid), ...leftBy(ended.pid)]).toEqual([])
}, 180_000)

test('an engine that dies under a run gives an unscored run and exit 3', async () => {
  await using engine = await ownEngine()
  const { folder, out } = await slow([30])
  const ended = await proctor(['run', folder, '--out', out], {
    env: { DOCKER_HOST: engine.host },
    onOutput: (text) => void (text.includes('planned') && setTimeout(() => void engine.kill(), 6000)),
  })
  expect(ended.code, ended.stderr).toBe(3)
  const report = await readReport(out)
  expect(report.conclusion).toBe('neutral')
  expect(report.totals).toMatchObject({ pass: 0, fail: 0, pass_rate: null })
  expect(report.totals.unscored).toBeGreaterThan(0)
}, 240_000)

test('an engine that is not there is named, with what to do', async () => {
  const { folder, out } = await slow([0])
  const ended = await proctor(['run', folder, '--out', out], { env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } })
  expect(ended.code).toBe(3)
  expect(ended.stderr).toMatch(/engine_unreachable/)
}, 60_000)

test('no temporary folder stays behind', async () => {
  const { folder, out } = await slow([0])
  const temporary = await mkdtemp(join(folder, 'tmp-'))
  expect((await proctor(['run', folder, '--out', out], { env: { TMPDIR: temporary } })).code).toBe(0)
  expect(await readdir(temporary)).toEqual([])
}, 60_000)
