import type { Plan, Run } from '../domain/plan.ts'

/** How many runs that want the same sandbox are still to start after this one: what a spare is worth. Ask once, when the run starts. */
export function followers(plan: Plan, done: ReadonlySet<string>): (run: Run) => number {
  const left = new Map<string, number>()
  for (const run of plan.batches.flatMap(({ runs, base }) => runs.filter(({ side }) => side === 'head' || base?.samples === 'all')))
    if (!done.has(run.id)) left.set(sandboxOf(run), (left.get(sandboxOf(run)) ?? 0) + 1)
  return (run) => {
    const after = Math.max(0, (left.get(sandboxOf(run)) ?? 0) - 1)
    left.set(sandboxOf(run), after)
    return after
  }
}

const sandboxOf = ({ agent, sample }: Run) => `${agent.slug} ${sample.exercise?.name ?? ''} ${sample.exercise?.workspace.digest ?? ''}`
