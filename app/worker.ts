import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FolderBlobs, type Machine, worldOn } from '../runner/adapters/preset.ts'
import { explain, Problems, ProctorError, toError } from '../runner/domain/error.ts'
import { keyless } from '../runner/lib/keyless.ts'
import { backingOf, ClaimLost } from './desk/backing.ts'
import type { Claim, Desk } from './desk/desk.ts'
import { type SealingKey, sealingKey } from './desk/seal.ts'
import { deskTurns } from './desk/turns.ts'
import { executeChunk } from './jobs/chunk.ts'
import { planOf } from './jobs/plan.ts'
import { keepTidy } from './jobs/reap.ts'
import type { Log } from './log.ts'
import { errorLine } from './store/error-line.ts'

/** `slots` = runs at once; `organisations` absent: all. */
export type WorkerOptions = {
  readonly desk: Desk
  readonly blobs: FolderBlobs
  readonly machine: Omit<Machine, 'images' | 'watch'>
  readonly name: string
  readonly slots: number
  readonly organisations?: readonly string[]
  readonly defaultJudge?: string | undefined
  readonly log: Log
  /** How often a claim is said to be alive. */
  readonly beatMs?: number
}
/** Jobs at once: a long one does not keep a short one waiting. */
const lanes = 2

/** Takes jobs from the desk and does them, until the signal. What is under way then goes back, and is taken up by the next worker. */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { desk, name, organisations, log, slots } = options
  const key = sealingKey()
  const id = await desk.register({ name, ...(organisations && { organisations }), publicKey: key.publicKey })
  log.info({ worker: id, name, slots }, 'worker')
  const lane = async () => {
    while (!signal.aborted) {
      try {
        const claim = await desk.claim(id, 20_000, signal)
        if (claim) await work({ ...options, key, claim }, signal)
      } catch (error) {
        if (signal.aborted) return
        log.error({ error: toError(error).message }, 'no job could be taken')
        await new Promise((done) => setTimeout(done, 2000))
      }
    }
  }
  await Promise.all([keepTidy(options, signal), ...Array.from({ length: Math.min(lanes, slots) }, lane)])
}

type Working = WorkerOptions & { readonly key: SealingKey; readonly claim: Claim }

/** One job, from its claim to its end. The claim is kept alive meanwhile; when it is lost, everything of it stops. */
async function work({ beatMs = 5000, ...working }: Working, signal: AbortSignal): Promise<void> {
  const { desk, claim, log } = working
  const lost = new AbortController()
  const beat = setInterval(() => {
    void desk.beat(claim).then(
      (alive) => alive || lost.abort(new ClaimLost()),
      (error: unknown) => log.warn({ job: claim.job, error: toError(error).message }, 'a beat was not heard'),
    )
  }, beatMs)
  try {
    log.info({ job: claim.job, kind: claim.kind, evaluation: claim.evaluation, try: claim.fence + 1 }, 'job')
    await perform(working, AbortSignal.any([signal, lost.signal]))
  } catch (error) {
    await giveBack(error, { desk, claim, log, isStopping: signal.aborted })
  } finally {
    clearInterval(beat)
  }
}

async function perform(
  { desk, blobs, machine, key, claim, slots, defaultJudge, log }: Omit<Working, 'beatMs'>,
  signal: AbortSignal,
): Promise<void> {
  const brief = await desk.about(claim)
  if (!brief) throw new ClaimLost()
  const folder = await mkdtemp(join(tmpdir(), 'proctor-job-'))
  try {
    await using world = worldOn(
      {
        ...machine,
        variables: brief.credentials ? machine.variables : keyless(machine.variables),
        images: { organisation: brief.organisation, trust: brief.trust, turns: deskTurns({ desk, claim, brief }) },
        watch: (event) => {
          if (event.at === 'warned') log.warn({ job: claim.job }, event.text)
          if (event.at === 'done') log.info({ job: claim.job, run: event.run.id, verdict: event.grade.verdict }, 'run')
        },
      },
      backingOf({ desk, claim, key, allowed: brief.credentials }, blobs),
    )
    if (claim.kind === 'plan') await desk.planned(claim, await planOf({ brief, world, folder, defaultJudge }, signal))
    else {
      await executeChunk({ brief, claim, world, width: Math.ceil(slots / Math.min(lanes, slots)) }, signal)
      await desk.finish(claim)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type GivingBack = Pick<Working, 'desk' | 'claim' | 'log'> & { readonly isStopping: boolean }

/** What an author must act on ends the evaluation; what the machine did is tried again, here or elsewhere. */
async function giveBack(thrown: unknown, { desk, claim, log, isStopping }: GivingBack): Promise<void> {
  if (thrown instanceof ClaimLost) return log.info({ job: claim.job }, 'the claim is gone')
  const errors = thrown instanceof Problems ? thrown.all : [toError(thrown)]
  const [first = new ProctorError('internal_error', 'unknown')] = errors
  log.warn({ job: claim.job, code: first.code, error: first.message }, isStopping ? 'given back: the worker stops' : 'job failed')
  const isTheirs = errors.every(({ code }) => explain(code).class === 'author')
  if (!isStopping && isTheirs && claim.kind === 'plan') await desk.refused(claim, errors.map(errorLine))
  else {
    await desk.fail(claim, errorLine(first))
    // What is wrong with this machine is wrong a moment later too: the others come first.
    if (!isStopping) await new Promise((done) => setTimeout(done, 2000))
  }
}
