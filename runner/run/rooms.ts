import type { BlobRef } from '../domain/blob.ts'
import { ProctorError } from '../domain/error.ts'
import type { Exercise, Run } from '../domain/plan.ts'
import type { Diff, RunRecord } from '../domain/record.ts'
import { Redactor } from '../lib/redact.ts'
import type { Room } from '../seams/room.ts'
import type { Sandbox } from '../seams/sandbox.ts'
import type { Baseline, DiffStat } from '../seams/trees.ts'
import type { World } from '../seams/world.ts'
import { compareWork, showDiff } from './diff.ts'
import { agentRecipe, customIn, gradingRecipe } from './environment.ts'
import { openRoom } from './room.ts'
import { take, type Work } from './take.ts'
import { baselineOf, holdsSecret, noWork, storedWork, workspaceFolder } from './workspace.ts'

/** Which sandbox a stage gets, and what passes from the agent's to grading's. What is opened here closes with it. */
export type Rooms = AsyncDisposable & {
  /** Secrets are registered here before their first use; everything that is kept goes through it. */
  readonly redactor: Redactor
  redact(text: string): string
  /** The agent's own: its image, its network, its resources. */
  agentSandbox(): Promise<Sandbox>
  /**
   * Stops the agent for good, and keeps what it changed. Only with a workspace. Throws `work_unreadable` or `work_too_large`,
   * which are the agent's doing and graded: the record then has no work.
   */
  takeWork(sandbox: Sandbox): Promise<TakenWork>
  /** Where the record is graded, also one that an earlier process made. */
  room(record: RunRecord): Promise<Room>
}
/** `work` is absent when it holds a secret: then it is graded here and now, or never. */
export type TakenWork = { readonly diff: Diff; readonly work?: BlobRef; readonly warnings: readonly string[] }

type Compared = { readonly work: Work; readonly stat: readonly DiffStat[] }

/** What rooms are made of. */
export type RoomsWorld = Pick<World, 'sandboxes' | 'trees' | 'blobs' | 'watch' | 'keepSandboxes'>

export function openRooms(run: Run, world: RoomsWorld, signal: AbortSignal, more = 0): Rooms {
  const closing = new AsyncDisposableStack()
  const redactor = new Redactor()
  const { exercise } = run.sample
  const onLog = (log: string) => world.watch({ at: 'preparing', what: 'environment', run, log })
  const onImageLog = (log: string) => world.watch({ at: 'preparing', what: 'image', run, log })
  const agentImage = later(() => world.sandboxes.prepare(agentRecipe(run), { signal, onLog, ...customIn('agent', run, onImageLog) }))
  const gradingImage = later(() => world.sandboxes.prepare(gradingRecipe(run), { signal, onLog, ...customIn('grading', run, onImageLog) }))
  const pristine = later(async () => baselineOf(await gradingImage(), world, signal))
  let taken: Compared | undefined

  return {
    redactor,
    redact: (text) => redactor.redact(text),

    async agentSandbox() {
      const [image] = await Promise.all([agentImage(), exercise && pristine()])
      const { network, resources, sudo } = run.agent.environment
      const { setup } = run.agent.environment
      const profile = {
        run: run.id,
        kind: 'agent' as const,
        network,
        resources,
        sudo,
        gateway: network !== 'none',
        keep: world.keepSandboxes,
        more,
        online: setup !== undefined,
      }
      return closing.use(await world.sandboxes.open(image, profile, signal))
    },

    async takeWork(sandbox) {
      await sandbox.halt('stop')
      const [image, baseline] = await Promise.all([agentImage(), pristine()])
      const started = await baselineOf(image, world, signal)
      const work = closing.use(await take({ open: () => sandbox.take(workspaceFolder), started, pristine: baseline }))
      const compared = await compareWork({ trees: world.trees, baseline, work, signal })
      taken = { work, stat: compared.stat }
      const [diff, stored] = await Promise.all([showDiff(compared, { blobs: world.blobs, redactor, left: work.left }), store(work)])
      if (stored) return { diff, work: stored, warnings: [] }
      return { diff, warnings: ['The work holds a credential, so it was not stored: this run cannot be graded again.'] }
    },

    async room(record) {
      const parts = { run: run.id, sandboxes: world.sandboxes, blobs: world.blobs, keep: world.keepSandboxes, signal }
      const image = await gradingImage()
      if (!exercise) return openRoom({ ...parts, image, exercise: bare(run), baseline: noBaseline, work: noWork, stat: [] })
      const baseline = await pristine()
      taken ??= await again(record, baseline)
      return openRoom({ ...parts, image, exercise, baseline, ...taken })
    },

    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }

  async function store(work: Work): Promise<BlobRef | undefined> {
    return (await holdsSecret(work, redactor)) ? undefined : world.blobs.put(work.read(), 'work')
  }

  async function again(record: RunRecord, baseline: Baseline): Promise<Compared> {
    if (record.work) {
      const work = await storedWork(record.work, world.blobs)
      return { work, stat: (await compareWork({ trees: world.trees, baseline, work, signal })).stat }
    }
    if (record.ended.as === 'error') return { work: noWork, stat: [] }
    throw new ProctorError(
      'sandbox_lost',
      `The work of run ${run.id} was not stored, because it holds a credential: it has to run again to be graded.`,
    )
  }
}

const noBaseline: Baseline = { key: 'none', entries: new Map() }

/** Without a workspace a scorer's command runs on the base image. */
const bare = (run: Run): Pick<Exercise, 'editable' | 'protected' | 'hooks' | 'grading' | 'environment'> => ({
  editable: [],
  protected: [],
  hooks: [],
  grading: 'isolated',
  environment: { recipe: [], env: {}, network: 'none', resources: run.agent.environment.resources, sudo: false },
})

function later<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
