import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { openDocker } from '../../runner/adapters/docker/docker.ts'
import { openTrees } from '../../runner/adapters/git/trees.ts'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Exercise, Run } from '../../runner/domain/plan.ts'
import type { RunRecord } from '../../runner/domain/record.ts'
import { packTree, type TreeFile } from '../../runner/lib/pack-tree.ts'
import { openRooms, type RoomsWorld, type TakenWork } from '../../runner/run/rooms.ts'
import { broken } from '../../runner/run/run-agent.ts'
import type { GradeRequest } from '../../runner/seams/room.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { fakeExercise, fakeRun, type RunShape } from '../fakes/runs.ts'

/** Real rooms on the real engine, around a workspace that is written down in a test. */
export async function openTestRooms(workspace: Readonly<Record<string, string>>) {
  await using closing = new AsyncDisposableStack()
  const cacheDir = await mkdtemp(join(tmpdir(), 'proctor-test-rooms-'))
  closing.defer(() => rm(cacheDir, { recursive: true, force: true }))
  const blobs = memoryBlobs()
  const sandboxes = closing.use(openDocker({ organisation: 'test-rooms', trust: 'local', blobs, dockerHost: process.env.DOCKER_HOST }))
  const world: RoomsWorld = {
    sandboxes,
    blobs,
    watch: () => {},
    keepSandboxes: false,
    trees: openTrees({ cacheDir, variables: process.env }),
  }
  const files = Object.entries(workspace).map(
    ([path, content]): TreeFile => ({ path, executable: path.endsWith('.sh'), content: Buffer.from(content) }),
  )
  const put = (tree: TreeFile[], name: string) => blobs.put(packTree(tree), name)
  const frozen = await put(files, 'workspace')
  const signal = new AbortController().signal
  const closed = closing.move()

  const makeRun = (rules: Partial<Exercise>, shape: RunShape = {}): Run =>
    fakeRun({ exercise: fakeExercise({ workspace: frozen, ...rules }), ...shape })
  return {
    world,
    blobs,
    makeRun,
    open: (run: Run) => openRooms(run, world, signal),
    recordOf: (run: Run, work: TakenWork['work']): RunRecord => recordOf(run, { work, warnings: [] }),
    pack: (content: Readonly<Record<string, string>>) =>
      put(
        Object.entries(content).map(([path, body]): TreeFile => ({ path, executable: false, content: Buffer.from(body) })),
        'files',
      ),

    /** An agent that runs `script`, and what was taken from it. The rooms stay open for grading until they are disposed. */
    async examine(
      script: string,
      { rules = {}, shape = {}, secret }: { rules?: Partial<Exercise>; shape?: RunShape; secret?: string } = {},
    ) {
      const run = makeRun(rules, shape)
      await using closing = new AsyncDisposableStack()
      const rooms = closing.use(openRooms(run, world, signal))
      if (secret) rooms.redactor.register(secret)
      const sandbox = await rooms.agentSandbox()
      const said: string[] = []
      const ended = await sandbox.exec(['bash', '-c', script], {
        cwd: '/home/user/workspace',
        onOutput: ({ bytes }) => said.push(Buffer.from(bytes).toString()),
        timeoutMs: 120_000,
      })
      if (ended.exitCode !== 0) throw new Error(`the agent of this test failed: ${said.join('')}`)
      const taken = await rooms.takeWork(sandbox)
      const record = recordOf(run, taken)
      const patch = await text(await blobs.get(taken.diff.text))
      const closed = closing.move()
      return {
        run,
        rooms,
        record,
        ...taken,
        patch,
        room: () => rooms.room(record),
        async grade(command: string, request: Partial<GradeRequest> = {}) {
          const room = await rooms.room(record)
          return room.grade({ as: 'user', timeoutMs: 60_000, command: ['bash', '-c', command], ...request })
        },
        [Symbol.asyncDispose]: () => closed.disposeAsync(),
      }
    },
    [Symbol.asyncDispose]: () => closed.disposeAsync(),
  }
}

function recordOf(run: Run, { work, warnings }: { work?: TakenWork['work']; warnings: readonly string[] }): RunRecord {
  const blank = broken(run, new ProctorError('internal_error', ''), AbortSignal.abort())
  return { ...blank, ended: { as: 'completed' }, warnings, ...(work ? { work } : {}) }
}
