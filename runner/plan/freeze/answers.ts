import { dirname, relative, sep } from 'node:path'
import type { AgentFile } from '../../domain/agent.ts'
import type { EvalFile } from '../../domain/eval.ts'
import { homeOf } from '../agent-source.ts'
import { within } from '../read/find-files.ts'
import { inside } from '../read/inside.ts'
import type { Package, Written } from '../read/read-package.ts'

/** What of an agent's own folder is not its code, and must never reach its sandbox: its evals with what they expect, and all that they name. */
export function answers(agent: Written<AgentFile>, { evals, root, fence }: Package): string[] {
  const home = homeOf(agent)
  const named = evals.flatMap((one) => namedIn(one).map((file) => ({ file, folder: dirname(one.path) })))
  const located = named.flatMap(({ file, folder }) => [
    inside(file, { folder, fence, is: 'file' }),
    inside(file, { folder, fence, is: 'folder' }),
  ])
  const own = located.flatMap((one) =>
    'path' in one && one.path !== home && within(home, one.path) ? [relative(home, one.path).replaceAll(sep, '/')] : [],
  )
  const around = home === root ? ['agents', 'scenarios', '.github', '.proctor'] : []
  return [...new Set(['evals', ...around, ...own])].sort()
}

function namedIn({ value }: Written<EvalFile>): string[] {
  const scenario = typeof value.scenario === 'object' ? value.scenario : undefined
  const files = [...value.scorers, ...(scenario?.scorers ?? [])].map((scorer) => ('files' in scorer ? scorer.files : undefined))
  const patch = scenario?.oracle && 'patch' in scenario.oracle ? scenario.oracle.patch : undefined
  const rubric = typeof value.judge === 'object' && !value.judge.rubric.includes('\n') ? value.judge.rubric : undefined
  return [value.dataset, rubric, value.oracle?.python, patch, ...files].filter((file) => file !== undefined)
}
