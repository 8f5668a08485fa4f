import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDocker } from '../../runner/adapters/docker/docker.ts'
import { openTrees } from '../../runner/adapters/git/trees.ts'
import type { Run } from '../../runner/domain/plan.ts'
import type { Step } from '../../runner/domain/step.ts'
import { openRooms } from '../../runner/run/rooms.ts'
import { runAgent } from '../../runner/run/run-agent.ts'
import type { WatchEvent } from '../../runner/seams/watch.ts'
import type { World } from '../../runner/seams/world.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { fakeExercise, fakeRun, type RunShape } from '../fakes/runs.ts'
import { tarOf } from './tar-of.ts'

export type Work = Omit<RunShape, 'exercise' | 'source'> & {
  /** The agent's code, by name. */
  readonly code?: Readonly<Record<string, string>>
  /** Gives it a workspace. */
  readonly workspace?: Readonly<Record<string, string>>
  readonly setup?: { readonly mode: 'platform' | 'agent'; readonly text: string }
  readonly signal?: AbortSignal
  readonly onEvent?: (event: WatchEvent) => void
}

/** A real engine and real git; credentials and blobs in memory. Runs agents that are written down in a test. */
export async function openWorkbench(credentials: Readonly<Record<string, string>> = {}) {
  await using closing = new AsyncDisposableStack()
  const cacheDir = await mkdtemp(join(tmpdir(), 'proctor-workbench-'))
  closing.defer(() => rm(cacheDir, { recursive: true, force: true }))
  const blobs = memoryBlobs()
  const sandboxes = closing.use(
    openDocker({
      organisation: 'workbench',
      trust: 'local',
      imagesDir: join(cacheDir, 'images'),
      blobs,
      dockerHost: process.env.DOCKER_HOST,
      log: console.error,
    }),
  )
  const trees = openTrees({ cacheDir, variables: process.env })
  const closed = closing.move()
  let last = 0

  async function perform({ code = {}, workspace, setup, signal = new AbortController().signal, onEvent, ...shape }: Work) {
    const events: WatchEvent[] = []
    // What a run never asks for is not there.
    const world = {
      sandboxes,
      trees,
      blobs,
      credentials: { resolve: async (names: readonly string[]) => new Map(names.map((name) => [name, credentials[name] ?? ''])) },
      watch: (event: WatchEvent) => {
        events.push(event)
        onEvent?.(event)
      },
      version: 'test',
      keepSandboxes: false,
    } as unknown as World
    const source = await blobs.put(tarOf(code), 'agent.tar')
    const seed = workspace && (await blobs.put(tarOf(workspace), 'workspace.tar'))
    const exercise = seed && fakeExercise({ workspace: seed, ...(setup ? { setup } : {}) })
    const run: Run = fakeRun({ id: `workbench-${++last}`, ...shape, source, ...(exercise ? { exercise } : {}) })
    await using rooms = openRooms(run, world, signal)
    const record = await runAgent(run, rooms, world, signal)
    const lines = blobs.bytes(record.steps).toString().split('\n').filter(Boolean)
    // Lines that the recorder wrote.
    const steps = lines.map((line) => JSON.parse(line) as Step)
    const diff = record.turns.at(-1)?.diff
    return {
      run,
      record,
      steps,
      events,
      response: record.turns.at(-1)?.response ?? '',
      diff: diff ? blobs.bytes(diff.text).toString() : '',
      outputs: Object.fromEntries(record.outputs.map((output) => [output.name, blobs.bytes(output).toString()])),
    }
  }

  return {
    perform,
    /** A PythonFunction whose `run` has this body. */
    python: (body: string, work: Work = {}) => perform({ ...work, code: { 'main.py': pythonAgent(body), ...work.code } }),
    /** A ShellCommand with a workspace. */
    shell: (command: string, work: Work = {}) =>
      perform({ workspace: { 'README.md': 'hello\n' }, ...work, start: { kind: 'ShellCommand', command } }),
    [Symbol.asyncDispose]: () => closed.disposeAsync(),
  }
}

const pythonAgent = (body: string) =>
  `import os, signal, subprocess, sys, threading, time\n\ndef run(task_input, *, proxy_url, run_token):\n${body.replaceAll(/^/gm, '    ')}\n`
