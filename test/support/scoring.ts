import type { Json } from '../../runner/domain/blob.ts'
import type { Score } from '../../runner/domain/grade.ts'
import type { Run, Sample } from '../../runner/domain/plan.ts'
import type { Ended, RunRecord } from '../../runner/domain/record.ts'
import type { ScorerSpec, ScorerType } from '../../runner/domain/scorer.ts'
import { scorers } from '../../runner/grade/scorers/index.ts'
import type { Room } from '../../runner/seams/room.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { scriptedRoom } from '../fakes/room.ts'

type Scene = {
  readonly options?: Readonly<Record<string, Json>>
  readonly response?: string
  readonly ended?: Ended
  readonly sample?: Partial<Sample>
  readonly outputSchema?: Json
  readonly room?: Room
  readonly files?: ScorerSpec['files']
}

/** What a scorer makes of a scene, where all that is not named is empty. */
export function scoreOf(
  type: ScorerType,
  { options = {}, response = '', ended = { as: 'completed' }, sample = {}, outputSchema, room = scriptedRoom(() => ({})), files }: Scene,
): Promise<Score> {
  const spec: ScorerSpec = { name: 'it', type, required: true, options, ...(files ? { files } : {}) }
  const turn = { id: 's-t1', user: '', response, steps: 0 }
  // Scorers read these parts of a run and a record, and nothing else of them.
  const run = { id: 'r', sample: { id: 's1', user: '', input: {}, scorers: [spec], ...sample }, agent: { outputSchema } } as unknown as Run
  const record = { run: 'r', ended, turns: [turn] } as unknown as RunRecord
  return scorers[type]({ spec, run, record, room, world: { blobs: memoryBlobs() }, signal: new AbortController().signal })
}

/** A workspace that scorers only ask the presence and the environment of. */
export const exercise = (name: string, env: Readonly<Record<string, string>> = {}): NonNullable<Sample['exercise']> => ({
  name,
  workspace: { digest: 'sha256:00', bytes: 0, name: 'workspace.tar' },
  pinned: '0',
  environment: {
    recipe: [{ base: 'proctor-base:latest' }],
    env,
    network: 'none',
    resources: { cpus: 1, memoryMb: 512, pids: 128, diskMb: 1024 },
    sudo: false,
  },
  setup: { mode: 'none', text: '' },
  editable: [],
  protected: [],
  hooks: [],
  grading: 'isolated',
  warnings: [],
})
