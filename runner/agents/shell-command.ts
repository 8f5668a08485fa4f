import type { Start } from '../domain/plan.ts'
import { readCommand } from './cli/command.ts'
import { choreOf, recognise } from './cli/index.ts'
import { playCli } from './cli/play.ts'
import { Output } from './output.ts'
import { places } from './places.ts'
import { stoppedBy, type TurnOutcome, type TurnRequest } from './turn.ts'
import { untilAborted } from './until-aborted.ts'

type ShellCommand = Extract<Start, { kind: 'ShellCommand' }>

/** Bytes a stream may send before the rest is dropped, and what is kept of it for the step. */
const maxOutput = 32 * 1024 * 1024
const maxStep = 16 * 1024
const maxResponse = 64 * 1024

/**
 * A coding CLI that is known, or any command line: the brief is in $PIPELINES_TASK_FILE, stdin is closed, and the end of stdout is the
 * response. What an unknown command does inside is not seen, so the trajectory is one shell step and the files that changed.
 */
export async function shellCommand(request: TurnRequest<ShellCommand>): Promise<TurnOutcome> {
  const command = readCommand(request.start.command)
  const cli = recognise(command)
  if (!cli) return anyCommand(request)
  const chore = choreOf(command, cli)
  if (!chore) return playCli(cli, request)
  return { ...(await anyCommand(request)), warnings: [`${chore}; its trajectory is one shell step and the files that changed.`] }
}

async function anyCommand({ start, sandbox, addStep, addResponse, redactor, ...given }: TurnRequest<ShellCommand>): Promise<TurnOutcome> {
  const began = new Date()
  const both = new Output(redactor, maxStep)
  const stdout = new Output(redactor, 2 * maxResponse)
  let exitCode: number | null = null
  let lost = 0
  try {
    const running = sandbox.exec(['bash', '-c', start.command], {
      ...given,
      maxOutput,
      onOutput: ({ stream, bytes }) => {
        if (stream === 'steps') return
        both.push(stream, bytes)
        if (stream === 'stdout') stdout.push(stream, bytes)
      },
    })
    const exec = await untilAborted(running, given.signal)
    const stopped = stoppedBy(exec)
    lost = exec?.lost ?? 0
    if (exec && !stopped) exitCode = exec.exitCode
    return {
      ended: stopped ?? { as: 'completed' },
      stepsFromDiff: true,
      ...(exitCode ? { withoutWork: failed(exitCode) } : {}),
    }
  } finally {
    both.end(lost)
    stdout.end(lost)
    const { text, cut } = both.take()
    addStep({ kind: 'shell', detail: { command: start.command, output: text, exit_code: exitCode, ...(cut ? { cut } : {}) } }, began)
    addResponse(tail(stdout.take().text.trim()))
  }
}

const failed = (exitCode: number) =>
  ({
    as: 'error',
    code: 'agent_command_failed',
    message: `The command exited with code ${exitCode} and left ${places.workspace} as it was.`,
  }) as const

const tail = (text: string) => (text.length > maxResponse ? text.slice(-maxResponse) : text)
