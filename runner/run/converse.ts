import { playTurn } from '../agents/index.ts'
import { places } from '../agents/places.ts'
import type { TurnOutcome } from '../agents/turn.ts'
import { explain, ProctorError } from '../domain/error.ts'
import type { Run } from '../domain/plan.ts'
import { clip } from '../lib/clip.ts'
import { packTree } from '../lib/pack-tree.ts'
import type { Redactor } from '../lib/redact.ts'
import type { Sandbox } from '../seams/sandbox.ts'
import { describeTask } from './describe-task.ts'
import { type Equipment, gatewayUrl } from './equip.ts'
import { type RunLimits, startLimits } from './limits.ts'
import type { Recorder } from './recorder.ts'

type Spoken = { readonly id: string; readonly user: string; readonly response: string }
export type Conversation = { readonly turns: readonly Spoken[]; readonly outcome: TurnOutcome; readonly agentMs: number }
type Talk = {
  readonly run: Run
  readonly sandbox: Sandbox
  readonly equipment: Equipment
  readonly recorder: Recorder
  readonly redactor: Redactor
  readonly signal: AbortSignal
}

const maxResponse = 256 * 1024

/** The turns of a run: one, for now. Throws for what is nobody's fault here: the engine's and the machine's. */
export async function converse(talk: Talk): Promise<Conversation> {
  const { run, sandbox } = talk
  const turn = { id: 'turn-1', user: run.sample.user }
  await sandbox.put(places.task, ReadableStream.from(packTree(describeTask(run, turn))))
  using limits = startLimits(run.limits, talk.signal, talk.equipment.grant)
  const started = performance.now()
  const { outcome, response } = await exchange(turn.id, talk, limits)
  return { turns: [{ ...turn, response }], outcome, agentMs: Math.round(performance.now() - started) }
}

async function exchange(id: string, { run, sandbox, equipment, recorder, redactor }: Talk, limits: RunLimits) {
  let response = ''
  const { grant } = equipment
  const outcome = await playTurn({
    start: run.agent.start,
    sandbox,
    cwd: run.sample.exercise ? places.workspace : places.home,
    env: equipment.env,
    ...(grant ? { gateway: { url: gatewayUrl, token: grant.token, providers: grant.providers } } : {}),
    timeoutMs: Math.ceil(limits.left()),
    signal: limits.signal,
    redactor,
    addStep: (body, at) => recorder.add(id, body, at),
    sees: (body, at) => recorder.show(id, body, at),
    addResponse: (text) => {
      response = clip(redactor.redact(text).toWellFormed(), maxResponse).text
    },
  }).catch(agentsFault)
  return { response, outcome: outcome.ended.as === 'cancelled' && limits.hit ? { ...outcome, ended: limits.hit } : outcome }
}

/** An agent that ended its own sandbox is graded; a sandbox that the engine lost is not. */
function agentsFault(thrown: unknown): TurnOutcome {
  if (thrown instanceof ProctorError && explain(thrown.code).class === 'agent')
    return { ended: { as: 'error', code: thrown.code, message: thrown.message } }
  throw thrown
}
