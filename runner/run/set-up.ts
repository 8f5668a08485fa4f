import { places } from '../agents/places.ts'
import { ProctorError } from '../domain/error.ts'
import type { Run } from '../domain/plan.ts'
import { Ends } from '../lib/clip.ts'
import type { Redactor } from '../lib/redact.ts'
import type { Sandbox } from '../seams/sandbox.ts'
import type { World } from '../seams/world.ts'

type SettingUp = {
  readonly run: Run
  readonly sandbox: Sandbox
  readonly env: Readonly<Record<string, string>>
  readonly world: Pick<World, 'watch'>
  readonly redactor: Redactor
  readonly signal: AbortSignal
}
const longestMs = 1_800_000
const logTail = 8_192

/**
 * A setup command whose environment holds a secret: it runs here and not in an image, because an image outlives the run. The network that
 * it had is taken away before the first turn. Throws `environment_setup_failed` with command and log tail.
 */
export async function setUp({ run, sandbox, env, world, redactor, signal }: SettingUp): Promise<void> {
  const { setup, network } = run.agent.environment
  if (setup === undefined) return
  world.watch({ at: 'preparing', what: 'setup', run })
  const tail = new Ends(logTail)
  const redacting = redactor.stream()
  const decoder = new TextDecoder()
  const exec = await sandbox.exec(['/bin/bash', '-c', 'exec /bin/bash -c "$0" 2>&1', setup], {
    cwd: places.agent,
    env,
    timeoutMs: longestMs,
    signal,
    onOutput({ stream, bytes }) {
      if (stream === 'steps') return
      const log = redacting.push(decoder.decode(bytes, { stream: true }))
      tail.push(log)
      world.watch({ at: 'preparing', what: 'setup', run, log })
    },
  })
  tail.push(redacting.end())
  const how = exec.over
    ? `went over its ${exec.over} limit`
    : exec.timedOut
      ? `took longer than ${longestMs / 60_000} minutes`
      : `exited with ${exec.exitCode}`
  if (exec.over || exec.timedOut || exec.exitCode !== 0)
    throw new ProctorError('environment_setup_failed', `The setup command ${how}: ${setup}`, { command: setup, log: tail.take().text })
  if (network !== 'open') await sandbox.isolate()
}
