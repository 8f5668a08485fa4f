import { createHash } from 'node:crypto'
import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Environment } from '../../runner/domain/environment.ts'
import type { Exercise, Run, Start } from '../../runner/domain/plan.ts'

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}` as const
const nothing: BlobRef = { digest: digestOf(''), bytes: 0, name: 'empty' }

export const fakeEnvironment = (change: Partial<Environment> = {}): Environment => ({
  recipe: [],
  env: {},
  network: 'none',
  resources: { cpus: 2, memoryMb: 512, pids: 128, diskMb: 2048 },
  sudo: true,
  ...change,
})

export const fakeExercise = (change: Partial<Exercise> = {}): Exercise => ({
  name: 'exercise',
  workspace: nothing,
  pinned: 'none',
  environment: fakeEnvironment(),
  setup: { mode: 'none', text: '' },
  editable: [],
  protected: [],
  hooks: [],
  grading: 'isolated',
  warnings: [],
  ...change,
})

export type RunShape = {
  readonly id?: string
  readonly user?: string
  readonly input?: Run['sample']['input']
  readonly start?: Start
  readonly source?: BlobRef
  readonly environment?: Partial<Environment>
  readonly exercise?: Exercise
  readonly wallMs?: number
}

/** One run, complete in itself: a PythonFunction without a workspace, unless said otherwise. */
export function fakeRun({
  id = 'run-1',
  user = 'Do it.',
  input = {},
  start,
  source,
  environment,
  exercise,
  wallMs = 60_000,
}: RunShape = {}): Run {
  return {
    id,
    eval: 'eval',
    side: 'head',
    epoch: 1,
    attempt: 1,
    agent: {
      slug: 'agent',
      source: source ?? nothing,
      environment: fakeEnvironment(environment),
      start: start ?? { kind: 'PythonFunction', file: 'main.py', entrypoint: 'run' },
      concurrencyCap: 5,
    },
    sample: { id: 'sample', user, input, scorers: [], ...(exercise ? { exercise } : {}) },
    judge: 'none',
    limits: { wallMs, turns: 1 },
    keys: { run: digestOf(`run ${id}`), grade: digestOf(`grade ${id}`) },
  }
}
