import { dirname } from 'node:path'
import { type Code, ProctorError } from '../domain/error.ts'
import type { EvalFile } from '../domain/eval.ts'
import type { Judge } from '../domain/plan.ts'
import { inside } from './read/inside.ts'
import type { Package, Written } from './read/read-package.ts'
import { readText } from './read/read-text.ts'

/** What a judge is asked when the eval has no rubric of its own. */
const defaultRubric = 'The agent did what the task asks, completely and correctly, and nothing that the task forbids.'
const maxRubricBytes = 65_536

/** `flag` is --judge; `fallback` the model that the environment names. */
export type JudgeChoice = { readonly flag?: string | undefined; readonly fallback?: string | undefined }

/** Flag, else the eval, else the repository's configuration, else the environment. Throws `agent_model_unresolved` when nobody names a model and nobody says `none`. */
export function resolveJudge(one: Written<EvalFile>, found: Package, { flag, fallback }: JudgeChoice): Judge | 'none' {
  const own = one.value.judge
  const common = found.config?.value.judge_model
  if (flag === 'none' || (flag === undefined && (own === 'none' || (own === undefined && common === 'none')))) return 'none'
  const block = own === 'none' ? undefined : own
  const model = flag ?? block?.model ?? (common === 'none' ? undefined : common) ?? fallback
  if (model === undefined) {
    throw new ProctorError(
      'agent_model_unresolved',
      `the eval \`${one.value.name}\` has no judge model: not in it, not as \`judge_model\` in .github/proctor.yml, not as --judge`,
      { place: one.at(['judge']) },
    )
  }
  return { model, rubric: block ? rubricOf(block.rubric, one, found) : defaultRubric, samples: block?.samples ?? 1 }
}

/** Throws `usage_invalid` for a --judge that is no model. */
export function checkJudgeFlag(flag: string | undefined): void {
  if (flag === undefined || flag === 'none' || /^[\w.-]+\/.+$/.test(flag)) return
  throw new ProctorError('usage_invalid', `--judge: found "${flag}"; accepted: provider/model, such as openai/gpt-5-mini, or none`)
}

/** A file, or the text itself when it has more than one line. */
function rubricOf(text: string, one: Written<EvalFile>, { fence }: Package): string {
  if (text.trim().includes('\n') || text.endsWith('\n')) return text.trim()
  const located = inside(text, { folder: dirname(one.path), fence, is: 'file' })
  const place = one.at(['judge', 'rubric'])
  const code: Code = 'config_invalid'
  if ('refused' in located) throw new ProctorError(code, `\`judge.rubric\`: ${located.refused}, or a text of more than one line`, { place })
  const rubric = readText(located.path, { file: text, code, maxBytes: maxRubricBytes }).trim()
  if (rubric === '') throw new ProctorError(code, `\`judge.rubric\`: found an empty file`, { place })
  return rubric
}
