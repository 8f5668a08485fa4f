import type { EvalFile } from '../../domain/eval.ts'
import type { ScenarioFile } from '../../domain/scenario.ts'
import { inside } from './inside.ts'

/** Paths that an eval names beside what its scenario starts from, as they are written. */
export function namedIn({ value }: { readonly value: EvalFile }): string[] {
  const scenario = typeof value.scenario === 'object' ? value.scenario : undefined
  const rubric = typeof value.judge === 'object' && !value.judge.rubric.includes('\n') ? value.judge.rubric : undefined
  const own = [value.dataset, rubric, value.oracle?.python].filter((file) => file !== undefined)
  return [...own, ...filesOf(value), ...(scenario ? gradingOf(scenario) : [])]
}

/** All of a scenario, its workspace too. */
export const namedByScenario = (scenario: Exercise): string[] => [...gradingOf(scenario), ...workspaceOf(scenario)]

/** Those of them that are there, links resolved. Nothing outside of the fence. */
export const located = (files: readonly string[], { folder, fence }: { readonly folder: string; readonly fence: string }): string[] =>
  files.flatMap((file) =>
    (['file', 'folder'] as const).flatMap((is) => {
      const found = inside(file, { folder, fence, is })
      return 'path' in found ? [found.path] : []
    }),
  )

type Exercise = Pick<ScenarioFile, 'scorers' | 'oracle' | 'workspace'>

const gradingOf = ({ scorers, oracle }: Exercise) => [...filesOf({ scorers }), ...(oracle && 'patch' in oracle ? [oracle.patch] : [])]
const filesOf = ({ scorers }: Pick<EvalFile, 'scorers'>) =>
  scorers.flatMap((scorer) => ('files' in scorer && scorer.files !== undefined ? [scorer.files] : []))

function workspaceOf({ workspace }: Exercise): string[] {
  if (workspace === 'empty' || 'git' in workspace || 'package' in workspace) return []
  if ('dir' in workspace) return [workspace.dir]
  return [typeof workspace.zip === 'string' ? workspace.zip : workspace.zip.path]
}
