import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Start } from '../domain/plan.ts'
import type { Ended } from '../domain/record.ts'
import type { Exec } from '../seams/sandbox.ts'
import { Activity } from './activity.ts'
import { places } from './places.ts'
import { stoppedBy, type TurnOutcome, type TurnRequest } from './turn.ts'
import { untilAborted } from './until-aborted.ts'

type PythonFunction = Extract<Start, { kind: 'PythonFunction' }>

const maxOutput = 8 * 1024 * 1024

/** Calls `run(task_input, *, proxy_url, run_token)` in a process of the environment's own python3, and watches what it does. */
export async function pythonFunction({ start, sandbox, addResponse, ...given }: TurnRequest<PythonFunction>): Promise<TurnOutcome> {
  const activity = new Activity(given)
  let lost = 0
  try {
    const running = sandbox.exec(command(start), {
      cwd: given.cwd,
      env: given.env,
      timeoutMs: given.timeoutMs,
      signal: given.signal,
      maxOutput,
      onOutput: ({ stream, bytes }) => (stream === 'steps' ? activity.push(bytes) : activity.hear(stream, bytes)),
    })
    const exec = await untilAborted(running, given.signal)
    lost = exec?.lost ?? 0
    const ended = endingOf(exec, activity, start.file)
    if (activity.told) addResponse(activity.told.response)
    else if (ended.as === 'error') addResponse(`${ended.message}\n\n${activity.lastWords()}`.trim())
    const warnings = activity.skipped > 0 ? [`${activity.skipped} lines from the agent's process were no steps and are left out.`] : []
    return { ended, warnings }
  } finally {
    activity.finish(lost)
  }
}

function command({ file, entrypoint }: PythonFunction): readonly string[] {
  const options = {
    folder: places.agent,
    file,
    entrypoint,
    input: places.taskInput,
    workspace: `${places.workspace}/`,
    reads: [`${places.workspace}/`, `${places.inputs}/`],
  }
  return ['python3', '-u', '-c', source('python_agent.py'), JSON.stringify(tapSources()), JSON.stringify(options)]
}

/** A limit counts unless the agent had already said how it ended; time counts in any case. */
function endingOf(exec: Exec | undefined, { told, loaded }: Activity, file: string): Ended {
  if (told && exec && !exec.timedOut) return told.failed ? { as: 'error', ...told.failed } : { as: 'completed' }
  return stoppedBy(exec) ?? vanished(exec?.exitCode ?? 0, loaded, file)
}

/** The process ended without a word: os._exit, a signal, or a command that does not exist. */
function vanished(exitCode: number, loaded: boolean, file: string): Ended {
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128) ?? []
  const how = `The agent's process ended with exit code ${exitCode}${signal ? ` (${signal})` : ''}`
  return loaded
    ? { as: 'error', code: 'agent_exception', message: `${how} before \`run\` returned.` }
    : { as: 'error', code: 'agent_entrypoint_invalid', message: `${how} before \`${file}\` was imported.` }
}

/** In the order in which they import each other. */
const tapSources = () => ['steps_pipe', 'file_taps', 'command_taps', 'network_taps', 'taps'].map((name) => [name, source(`${name}.py`)])

const sources = new Map<string, string>()
function source(name: string): string {
  const known = sources.get(name) ?? readFileSync(new URL(`./inside/${name}`, import.meta.url), 'utf8')
  sources.set(name, known)
  return known
}
