import { text } from 'node:stream/consumers'
import { places } from '../agents/places.ts'
import { explain, ProctorError, toError } from '../domain/error.ts'
import type { Run } from '../domain/plan.ts'
import { type Diff, type Ended, noUsage, type RunRecord } from '../domain/record.ts'
import { digestBytes } from '../lib/digest.ts'
import type { Grant } from '../seams/gateway.ts'
import type { Sandbox } from '../seams/sandbox.ts'
import type { World } from '../seams/world.ts'
import { type Conversation, converse } from './converse.ts'
import { editsOf } from './diff-steps.ts'
import { equip } from './equip.ts'
import { blame, storeCalls, usageOf } from './metering.ts'
import { type Outputs, takeOutputs } from './outputs.ts'
import { Recorder } from './recorder.ts'
import type { Rooms, TakenWork } from './rooms.ts'
import { setUp } from './set-up.ts'

/** What this stage needs of the rooms. */
export type AgentRooms = Pick<Rooms, 'redactor' | 'agentSandbox' | 'takeWork'>

/** One agent on one sample. Whatever ends the run is part of its record, with the steps so far; it throws only when nothing can be stored. */
export async function runAgent(run: Run, rooms: AgentRooms, world: World, signal: AbortSignal): Promise<RunRecord> {
  const startedAt = new Date()
  const recorder = new Recorder({ run, redactor: rooms.redactor, watch: world.watch })
  let grant: Grant | undefined
  const admitted = (given: Grant | undefined) => {
    grant = given
  }
  const done = await perform({ run, rooms, world, signal, recorder, admitted }).catch((thrown) => stopped(thrown, rooms, signal))
  const { steps, warnings } = await recorder.finish(world.blobs)
  const turns = done.turns.map((turn) => ({ ...turn, steps: recorder.steps(turn.id) }))
  return {
    ...blank(run, startedAt),
    ended: done.ended,
    turns: done.diff ? turns.map((turn, at) => (at === turns.length - 1 && done.diff ? { ...turn, diff: done.diff } : turn)) : turns,
    steps,
    outputs: done.outputs,
    ...(done.work ? { work: done.work } : {}),
    usage: usageOf(grant, done.reported),
    ...(await storeCalls(grant, world.blobs)),
    warnings: [...done.warnings, ...warnings].map((warning) => rooms.redactor.redact(warning)),
    timing: { startedAt: startedAt.toISOString(), durationMs: Date.now() - startedAt.getTime(), agentMs: done.agentMs },
  }
}

/** The record of a run that could not even be recorded. */
export function broken(run: Run, error: ProctorError, signal: AbortSignal): RunRecord {
  return { ...blank(run, new Date()), ended: endedBy(error, signal) }
}

type Performing = {
  readonly run: Run
  readonly rooms: AgentRooms
  readonly world: World
  readonly signal: AbortSignal
  readonly recorder: Recorder
  /** Told before anything is spent, so that what was spent is known however the run ends. */
  readonly admitted: (grant: Grant | undefined) => void
}
type Done = Pick<Conversation, 'turns' | 'agentMs'> & {
  readonly reported?: Conversation['outcome']['reported'] | undefined

  readonly ended: Ended
  readonly diff?: Diff
  readonly work?: NonNullable<RunRecord['work']>
  readonly outputs: Outputs['files']
  readonly warnings: readonly string[]
}

async function perform({ run, rooms, world, signal, recorder, admitted }: Performing): Promise<Done> {
  const { redactor } = rooms
  requireWorkspace(run)
  await using equipment = await equip(run, world, redactor)
  const { env, grant } = equipment
  admitted(grant)
  const sandbox = await rooms.agentSandbox()
  if (sandbox.door !== undefined) await grant?.listen(sandbox.door)
  await putCode(run, sandbox, world)
  await setUp({ run, sandbox, env, world, redactor, signal })
  world.watch({ at: 'running', run })
  const conversation = blame(await converse({ run, sandbox, equipment, recorder, redactor, signal }), grant)
  signal.throwIfAborted()
  const left = await takeLeft({ run, rooms, world, recorder }, sandbox, conversation)
  const outputs = await takeOutputs(sandbox, { blobs: world.blobs, redactor })
  return {
    ...left,
    turns: conversation.turns,
    agentMs: conversation.agentMs,
    reported: conversation.outcome.reported,
    outputs: outputs.files,
    warnings: [
      ...(run.sample.exercise?.warnings ?? []),
      ...equipment.warnings,
      ...(conversation.outcome.warnings ?? []),
      ...left.warnings,
      ...outputs.warnings,
    ],
  }
}

/** Planning refuses this already; a run that was made by hand gets here. */
function requireWorkspace({ agent, sample }: Run): void {
  if (agent.start.kind === 'ShellCommand' && !sample.exercise)
    throw new ProctorError('in_sandbox_requires_workspace', `Sample ${sample.id} gives ${agent.slug} no workspace.`)
}

/** A setup command that reads the code has it in its image already. */
async function putCode({ agent: { source, environment } }: Run, sandbox: Sandbox, { blobs }: World): Promise<void> {
  const isThere = environment.recipe.some((layer) => 'put' in layer && layer.at === places.agent)
  if (!isThere) await sandbox.put(places.agent, await blobs.get(source))
}

type Left = Pick<Done, 'ended' | 'diff' | 'work' | 'warnings'>

/** The work, and what it says about how the run ended. A tree that the agent made unreadable is the agent's fault, and graded. */
async function takeLeft(
  { run, rooms, world, recorder }: Pick<Performing, 'run' | 'rooms' | 'world' | 'recorder'>,
  sandbox: Sandbox,
  { turns, outcome }: Conversation,
): Promise<Left> {
  if (!run.sample.exercise) return { ended: outcome.ended, warnings: [] }
  const taken = await rooms.takeWork(sandbox).catch((thrown): Left => ({ ended: agentsFault(thrown), warnings: [] }))
  if ('ended' in taken) return taken
  const [turn] = turns.slice(-1)
  if (outcome.stepsFromDiff && turn) for (const edit of editsOf(await patchOf(taken, world))) recorder.add(turn.id, edit)
  const isEmpty = taken.diff.files === 0
  return { ...taken, ended: (isEmpty && outcome.ended.as === 'completed' && outcome.withoutWork) || outcome.ended }
}

const patchOf = async ({ diff }: TakenWork, { blobs }: World) => (diff.files === 0 ? '' : text(await blobs.get(diff.text)))

function agentsFault(thrown: unknown): Ended {
  const error = toError(thrown)
  if (explain(error.code).class !== 'agent') throw thrown
  return { as: 'error', code: error.code, message: error.message }
}

/** An error before or beside the agent's own turns. Steps that were recorded stay. */
function stopped(thrown: unknown, { redactor }: AgentRooms, signal: AbortSignal): Done {
  const ended = endedBy(toError(thrown), signal)
  return {
    ended: ended.as === 'error' ? { ...ended, message: redactor.redact(ended.message) } : ended,
    turns: [],
    agentMs: 0,
    outputs: [],
    warnings: [],
  }
}

function endedBy(error: ProctorError, signal: AbortSignal): Ended {
  if (signal.aborted) return { as: 'cancelled' }
  const log = error.log ? `\n${error.log}` : ''
  return { as: 'error', code: error.code, message: `${error.message}${log}` }
}

const blank = (run: Run, startedAt: Date): RunRecord => ({
  run: run.id,
  key: run.keys.run,
  ended: { as: 'cancelled' },
  turns: [],
  steps: { digest: digestBytes(''), bytes: 0, name: 'trajectory.jsonl' },
  outputs: [],
  usage: noUsage,
  warnings: [],
  timing: { startedAt: startedAt.toISOString(), durationMs: 0, agentMs: 0 },
})
