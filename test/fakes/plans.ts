import { createHash } from 'node:crypto'
import type { BlobRef, Digest } from '../../runner/domain/blob.ts'
import type { Environment } from '../../runner/domain/environment.ts'
import type { Agent, Batch, Exercise, Gate, Plan, Run } from '../../runner/domain/plan.ts'
import type { ScorerSpec } from '../../runner/domain/scorer.ts'

export const digestOf = (text: string): Digest => `sha256:${createHash('sha256').update(text).digest('hex')}`
const ref = (name: string): BlobRef => ({ name, bytes: 10, digest: digestOf(name) })

const environment: Environment = {
  recipe: [
    { base: 'proctor-base:latest' },
    { run: 'pip install pytest-cov', as: 'user', network: 'open', blame: 'environment_setup_failed' },
  ],
  env: {},
  network: 'none',
  resources: { cpus: 2, memoryMb: 2048, pids: 512, diskMb: 10_240 },
  sudo: true,
}
const exercise: Exercise = {
  name: 'fix-parser',
  workspace: ref('workspace.tar'),
  pinned: '5f2c1d0',
  environment,
  setup: { mode: 'platform', text: 'pip install -e .' },
  editable: ['src/**'],
  protected: ['tests/**'],
  hooks: [],
  grading: 'isolated',
  warnings: [],
}
const scorers: readonly ScorerSpec[] = [
  { name: 'tests', type: 'tests', required: true, options: { command: 'python -m pytest -q' } },
  { name: 'scope', type: 'allowed_paths', required: true, options: { patterns: ['src/**'] } },
  { name: 'lint', type: 'command', required: false, options: { command: 'ruff check src' } },
]

export type PlanShape = {
  readonly samples?: number
  readonly epochs?: number
  readonly evals?: readonly string[]
  readonly gate?: Partial<Gate>
  readonly base?: boolean
  readonly name?: string
}

/** A plan as a real one looks, of any size: `samples` rows for each eval. Its agent, exercise, scorers and limits are shared objects. */
export function fakePlan({ samples = 4, epochs = 1, evals = ['parser'], gate = {}, base = false, name = 'plan' }: PlanShape = {}): Plan {
  const agent: Agent = {
    slug: 'fixer',
    source: ref('agent.tar'),
    environment,
    start: { kind: 'ShellCommand', command: 'fixer "$(cat $PIPELINES_TASK_FILE)"' },
    concurrencyCap: 5,
  }
  const limits = { wallMs: 300_000, turns: 1 }
  const batches = evals.map((title): Batch => {
    const sides = base ? (['head', 'base'] as const) : (['head'] as const)
    const runs = Array.from({ length: samples }, (_, row) =>
      sides.flatMap((side) =>
        Array.from({ length: epochs }, (_, epoch): Run => {
          const id = `fixer-${title}-${sampleName(row)}${side === 'base' ? '-base' : ''}-e${epoch + 1}`
          return {
            id,
            eval: title,
            side,
            epoch: epoch + 1,
            attempt: 1,
            agent,
            sample: {
              id: sampleName(row),
              from: { file: `evals/${title}.csv`, line: row + 2 },
              user: tasks[row % tasks.length] ?? '',
              input: { row },
              exercise,
              scorers,
            },
            judge: { model: 'openai/gpt-5-mini', rubric: 'Is the change minimal and does it explain itself?', samples: 3 },
            limits,
            keys: { run: digestOf(`run ${name} ${id}`), grade: digestOf(`grade ${name} ${id}`) },
          }
        }),
      ),
    ).flat()
    return {
      eval: title,
      agent: 'fixer',
      commit: '9b1f0c4e7a2d58c3',
      runs,
      gate: { minPassRate: 0.8, noRegressions: false, ...gate },
      description: 'Fixes a seeded defect in the order parser without touching its tests.',
    }
  })
  return {
    id: digestOf(`${name} ${samples} ${epochs} ${evals.join()}`),
    trigger: { kind: 'local', repo: 'acme/orders', head: { sha: '9b1f0c4e7a2d58c3', files: ref('head.tar') } },
    batches,
    budget: {},
    warnings: [],
  }
}

const sampleName = (row: number) => `${names[row % names.length]}${row < names.length ? '' : `-${Math.floor(row / names.length) + 1}`}`
const names = [
  'quoted-comma',
  'empty-field',
  'crlf-rows',
  'bom-prefix',
  'nested-quotes',
  'trailing-delimiter',
  'utf8-header',
  'long-row',
  'blank-lines',
  'single-column',
]
const tasks = [
  'Rows whose quoted field holds a comma are split in two. Find the cause in `src/orders/parser.py` and fix it. Do not change the tests.',
  'An empty last field disappears from the parsed row. Fix the parser so that `a,b,` yields three fields.',
  'Files with CRLF line ends leave a carriage return in the last column. Fix it without changing how quoted line ends are read.',
]
