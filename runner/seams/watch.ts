import type { Grade } from '../domain/grade.ts'
import type { Plan, Run } from '../domain/plan.ts'
import type { Origin, Result } from '../domain/result.ts'
import type { Step } from '../domain/step.ts'

/** What somebody who watches gets to see, as it happens. */
export type Watch = (event: WatchEvent) => void
export type WatchEvent =
  | { readonly at: 'planned'; readonly plan: Plan; readonly done: readonly Result[] }
  | { readonly at: 'preparing'; readonly what: string; readonly run?: Run; readonly log?: string }
  | { readonly at: 'running' | 'grading' | 'judging'; readonly run: Run }
  | { readonly at: 'step'; readonly run: Run; readonly step: Step }
  /** `reused`: an earlier plan's result stands for it, and nothing was run. */
  | { readonly at: 'done'; readonly run: Run; readonly grade: Grade; readonly durationMs: number; readonly reused?: Origin }
  /** Something was left out, and why. */
  | { readonly at: 'warned'; readonly text: string }
