import type { Batch, Gate } from '../../domain/plan.ts'
import { canonical } from '../../lib/digest.ts'
import { Freezer, type Freezing } from '../freeze/freeze.ts'
import type { Asked } from '../select-evals.ts'
import { type Looking, type Part, survey } from '../survey.ts'
import { askedOf } from './asked.ts'
import { isSameWork } from './base-side.ts'
import { loginsOf } from './logins.ts'
import type { Pull } from './read-pull.ts'
import { inWords, problemsIn } from './words.ts'

type Proposing = {
  readonly pull: Pull
  readonly asked: Asked
  readonly rules: Looking['rules']
  readonly freezing: Omit<Freezing, 'found'>
  readonly commit: string
  readonly epochs: number | undefined
  /** What decides. */
  readonly batches: readonly Batch[]
}
type Proposed = { readonly batches: readonly Batch[]; readonly warnings: readonly string[] }

/** Evals of head that the base does not have so: they run beside it and decide nothing. Whatever is wrong with them is only a warning. */
export async function proposals({ pull, asked, rules, freezing, commit, epochs, batches }: Proposing): Promise<Proposed> {
  const own = askedOf(pull.proposes, pull, asked)
  if (!own) return { batches: [], warnings: [] }
  const { parts, problems, warnings } = await survey({ found: pull.proposes, asked: own, rules, samples: new Map() })
  const freezer = new Freezer({ ...freezing, found: pull.proposes })
  const strange = loginsOf(pull)
  const frozen = await Promise.all(
    parts.map(async (part): Promise<Proposed> => {
      const login = strange(part)
      if (login !== undefined) return nothingOf(part, `it logs in to ${login}, which no scenario of the base does`)
      try {
        const batch = await freezer.freeze(part, { commit, epochs, as: 'proposed' })
        return { batches: batches.some((other) => isAlike(batch, other)) ? [] : [batch], warnings: [] }
      } catch (thrown) {
        return nothingOf(part, problemsIn(thrown).map(inWords).join('; '))
      }
    }),
  )
  return {
    batches: frozen.flatMap((one) => one.batches),
    warnings: [
      ...problems.slice(0, mostProblems).map((problem) => `of what the change proposes, this is not run: ${inWords(problem)}`),
      ...(problems.length > mostProblems ? [`of what the change proposes, ${problems.length - mostProblems} more are not run`] : []),
      ...warnings,
      ...frozen.flatMap((one) => one.warnings),
      ...freezer.warnings,
    ],
  }
}

const mostProblems = 10
const nothingOf = (part: Part, why: string): Proposed => ({
  batches: [],
  warnings: [`the proposed eval \`${part.eval.value.name}\` is not run: ${why}`],
})

function isAlike(proposed: Batch, other: Batch): boolean {
  const sameGate = (one: Gate, another: Gate) => canonical(one) === canonical(another)
  const head = other.runs.filter(({ side }) => side === 'head')
  return (
    proposed.eval === other.eval && proposed.agent === other.agent && sameGate(proposed.gate, other.gate) && isSameWork(proposed.runs, head)
  )
}
