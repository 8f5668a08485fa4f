import { describe, expect, test } from 'vitest'
import { shellCommand } from '../../../runner/agents/shell-command.ts'
import type { StepBody } from '../../../runner/domain/step.ts'
import { Redactor } from '../../../runner/lib/redact.ts'
import type { Sandbox } from '../../../runner/seams/sandbox.ts'

const secret = 'key-that-is-in-the-sandbox'
const line = (event: object) => `${JSON.stringify(event)}\n`

/** One command in a sandbox where it says what it is told to say. */
async function play(command: string, { says = '', exitCode = 0 }: { says?: string; exitCode?: number } = {}) {
  const ran: string[] = []
  const put: string[] = []
  const steps: StepBody[] = []
  const sandbox: Sandbox = {
    name: 'one',
    async exec(words, { onOutput } = {}) {
      ran.push(words.at(-1) ?? '')
      onOutput?.({ stream: 'stdout', bytes: Buffer.from(says) })
      return { exitCode, timedOut: false, lost: 0 }
    },
    async put(at) {
      put.push(at)
    },
    take: async () => undefined,
    async halt() {},
    async resume() {},
    async isolate() {},
    async [Symbol.asyncDispose]() {},
  }
  const redactor = new Redactor()
  redactor.register(secret)
  const outcome = await shellCommand({
    start: { kind: 'ShellCommand', command },
    sandbox,
    cwd: '/home/user/workspace',
    env: {},
    timeoutMs: 1000,
    signal: new AbortController().signal,
    redactor,
    addStep: (body) => steps.push(body),
    addResponse: () => {},
    sees: () => {},
  })
  return { outcome, ran, put, steps }
}

describe('what a CLI says about its failure', () => {
  const failed = (result: string) => line({ type: 'result', subtype: 'success', is_error: true, result })

  test('is kept without secrets', async () => {
    const { outcome } = await play('claude -p x', { says: failed(`the key ${secret} is not good`), exitCode: 1 })
    expect(outcome.failed).toBe('the key *** is not good')
    expect(JSON.stringify(outcome)).not.toContain(secret)
    expect(outcome.withoutWork).toMatchObject({ code: 'agent_command_failed', message: expect.stringContaining('the key *** is') })
  })

  test('counts although it exits with 0', async () => {
    const { outcome } = await play('claude -p x', { says: failed('no'), exitCode: 0 })
    expect(outcome).toMatchObject({ failed: 'no', withoutWork: { code: 'agent_command_failed' } })
  })

  test('is no failure when it ended well, and is missed when it never said', async () => {
    const well = await play('claude -p x', { says: line({ type: 'result', subtype: 'success', is_error: false, result: 'done' }) })
    expect(well.outcome.failed).toBeUndefined()
    expect(well.outcome.warnings).toEqual([])
    const silent = await play('claude -p x')
    expect(silent.outcome.warnings).toEqual(['Claude Code never said how it ended.'])
  })
})

describe('a command of a CLI that is no turn of it', () => {
  test.each(['codex login --with-api-key && codex exec x', 'claude mcp list', 'opencode auth list', 'claude --version'])(
    '%s runs as it is written, and is remarked on',
    async (command) => {
      const { ran, put, outcome, steps } = await play(command)
      expect(ran).toEqual([command])
      expect(put).toEqual([])
      expect(steps.map(({ kind }) => kind)).toEqual(['shell'])
      expect(outcome).toMatchObject({ stepsFromDiff: true, warnings: [expect.stringContaining('is no turn of')] })
    },
  )

  test('a prompt that begins with the same word is a turn', async () => {
    const { ran } = await play('claude "mcp is what?"')
    expect(ran[0]).toContain('--dangerously-skip-permissions')
  })
})
