import { describe, expect, test } from 'vitest'
import { scriptedRoom } from '../../../fakes/room.ts'
import { scoreOf } from '../../../support/scoring.ts'

const options = { command: 'ruff check src', timeout_s: 5 }

describe('command', () => {
  test('the exit code decides, and the evidence shows the end of the output', async () => {
    const passing = scriptedRoom(() => ({ output: 'all good' }))
    expect(await scoreOf('command', { options, room: passing })).toMatchObject({ status: 'PASS', score: 1, trust: 'unverified' })
    expect(passing.asked[0]).toMatchObject({ as: 'user', timeoutMs: 5000, command: ['/bin/bash', '-c', 'ruff check src'] })
    const failing = await scoreOf('command', {
      options,
      room: scriptedRoom(() => ({ exitCode: 1, output: `${'x'.repeat(10_000)}\nE501 too long` })),
    })
    expect(failing.status).toBe('FAIL')
    expect(failing.evidence).toMatch(/exit code 1[\s\S]*E501 too long$/)
  })
  test('exit 0 after the time limit or a full disk is no success', async () => {
    for (const end of [{ timedOut: true }, { over: 'disk' }, { over: 'memory' }] as const) {
      expect((await scoreOf('command', { options, room: scriptedRoom(() => end) })).status).toBe('FAIL')
    }
  })
  test("a program that the environment lacks is the author's to mend; one that only the work lacks is the agent's", async () => {
    const lacking = { exitCode: 127, output: '/bin/bash: line 1: ruff: command not found' }
    await expect(scoreOf('command', { options, room: scriptedRoom(() => lacking) })).rejects.toMatchObject({ code: 'scorer_broken' })
    const only = scriptedRoom(({ tree }) => (tree === 'baseline' ? {} : lacking))
    expect((await scoreOf('command', { options, room: only })).status).toBe('FAIL')
    const script = scriptedRoom(() => ({ exitCode: 127, output: '/bin/bash: line 1: ./run.sh: No such file or directory' }))
    expect((await scoreOf('command', { options, room: script })).status).toBe('FAIL')
  })
})
