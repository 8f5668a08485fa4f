import type { Start } from '../../domain/plan.ts'
import type { Ended } from '../../domain/record.ts'
import { clip } from '../../lib/clip.ts'
import { packTree } from '../../lib/pack-tree.ts'
import type { Redactor } from '../../lib/redact.ts'
import type { Exec } from '../../seams/sandbox.ts'
import { Output } from '../output.ts'
import { places } from '../places.ts'
import { stoppedBy, type TurnOutcome, type TurnRequest } from '../turn.ts'
import { untilAborted } from '../until-aborted.ts'
import type { CodingCli, Prepared, Transcript } from './cli.ts'
import { readCommand } from './command.ts'
import { takeSessions } from './sessions.ts'
import { clearWorkspace } from './workspace.ts'

type Request = TurnRequest<Extract<Start, { kind: 'ShellCommand' }>>

/** Bytes a stream may send before the rest is dropped, and what is kept of its end when the transcript has no last words. */
const maxOutput = 64 * 1024 * 1024
const maxTail = 16 * 1024
const maxSaid = 4 * 1024

/** One turn of a coding CLI: its files laid, its command run, its steps read from its output and, after its end, from its session logs. */
export async function playCli(cli: CodingCli, request: Request): Promise<TurnOutcome> {
  const { start, sandbox, env, gateway, sees, redactor } = request
  const prepared = cli.prepare({ command: readCommand(start.command), harness: start.harness ?? {}, env, ...(gateway ? { gateway } : {}) })
  if (prepared.files.length > 0) await sandbox.put(places.home, ReadableStream.from(packTree(prepared.files)))
  const obeyed = request.cwd === places.workspace ? (prepared.obeyed ?? []) : []
  const cleared = await clearWorkspace(cli, obeyed, sandbox, request.cwd)
  const reader = cli.reader(sees)
  const tail = new Output(redactor, maxTail)
  let exec: Exec | undefined
  /** Also for a run that was stopped, or whose sandbox is gone: what came until then is its trajectory. */
  const conclude = async () => {
    tail.end(exec?.lost ?? 0)
    const transcript = reader.finish(await takeSessions(sandbox, cli.sessions))
    for (const { body, at } of transcript.steps) request.addStep(body, at)
    request.addResponse(transcript.response || tail.take().text.trim())
    return transcript
  }
  try {
    exec = await run(prepared, request, (stream, bytes) => {
      tail.push(stream, bytes)
      reader.push(stream, bytes, new Date())
    })
  } catch (thrown) {
    await conclude()
    throw thrown
  }
  const outcome = outcomeOf(cli, prepared, exec, await conclude(), redactor)
  await cleared.restore()
  return { ...outcome, warnings: [...cleared.warnings, ...(outcome.warnings ?? [])] }
}

function run({ line, env }: Prepared, { env: own, ...request }: Request, hear: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void) {
  const { cwd, timeoutMs, signal, sandbox } = request
  const running = sandbox.exec(['bash', '-c', line], {
    cwd,
    env: { ...own, ...env },
    timeoutMs,
    signal,
    maxOutput,
    onOutput: ({ stream, bytes }) => {
      if (stream !== 'steps') hear(stream, bytes)
    },
  })
  return untilAborted(running, signal)
}

/** A CLI's word about its end counts beside its exit code: some end with 0 whatever happened. */
function outcomeOf(cli: CodingCli, prepared: Prepared, exec: Exec | undefined, transcript: Transcript, redactor: Redactor): TurnOutcome {
  const stopped = stoppedBy(exec)
  const exitCode = exec?.exitCode ?? 0
  // It becomes part of the run's ending, which nobody after this redacts.
  const said = transcript.problem && clip(redactor.redact(transcript.problem.trim()).toWellFormed(), maxSaid).text
  const failed = !stopped && (exitCode !== 0 || transcript.ended === 'failed')
  const how = exitCode === 0 ? 'says that it failed' : `exited with code ${exitCode}`
  const message = `${cli.name} ${how} and left ${places.workspace} as it was.${said ? ` It said: ${said}` : ''}`
  return {
    ended: stopped ?? { as: 'completed' },
    ...(failed ? { failed: said ?? how, withoutWork: { as: 'error', code: 'agent_command_failed', message } } : {}),
    ...(transcript.steps.some(({ body }) => body.kind === 'edit') ? {} : { stepsFromDiff: true }),
    ...(transcript.reported ? { reported: transcript.reported } : {}),
    warnings: [...prepared.warnings, ...remarks(cli, transcript, stopped)],
  }
}

function remarks({ name, prints }: CodingCli, { ended, skipped }: Transcript, stopped: Ended | undefined): string[] {
  return [
    ...(ended === 'unknown' && !stopped ? [`${name} never said how it ended.`] : []),
    ...(skipped > 0 && prints === 'events'
      ? [`${skipped} lines or events of ${name} are of no known kind and not in the trajectory.`]
      : []),
  ]
}
