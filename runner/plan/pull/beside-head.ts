import type { Batch } from '../../domain/plan.ts'
import type { Freezer, Freezing } from '../freeze/freeze.ts'
import { headCommit } from '../freeze/head-commit.ts'
import type { Asked } from '../select-evals.ts'
import type { Looking } from '../survey.ts'
import { type Frozen, withBaseSide } from './base-side.ts'
import { proposals } from './proposals.ts'
import type { Pull } from './read-pull.ts'

type Given = {
  readonly request: {
    readonly base?: { readonly compare: 'failed' | 'all' | 'none' }
    readonly trigger?: { readonly base?: string }
    readonly proposals?: boolean
    readonly epochs?: number | undefined
  }
  readonly pull: Pull
  readonly asked: Asked
  readonly looking: Omit<Looking, 'found'>
  readonly freezing: Omit<Freezing, 'found'>
  readonly freezer: Freezer
  readonly commit: string
}
type Beside = { readonly batches: readonly Batch[]; readonly warnings: readonly string[] }

/** What a change is measured against, and what it proposes: the batches of head with their base side, then the proposed ones. */
export async function besideHead(frozen: readonly Frozen[], { request, pull, looking, freezer, ...given }: Given): Promise<Beside> {
  const { epochs } = request
  const samples = request.base?.compare ?? 'none'
  const commit = request.trigger?.base ?? (await headCommit(pull.base.fence)) ?? 'uncommitted'
  const sides = samples === 'none' ? frozen : await withBaseSide(frozen, { pull, samples, commit, epochs, freezer, looking })
  const batches = sides.map(({ batch }) => batch)
  const isRun = request.proposals === true && pull.altered.length > 0
  const proposed = isRun ? await proposals({ ...given, pull, rules: looking.rules, epochs, batches }) : { batches: [], warnings: [] }
  return {
    batches: [...batches, ...proposed.batches],
    warnings: [
      ...pull.warnings,
      ...alteredWarning(pull.altered, isRun),
      ...sides.flatMap((side) => ('warning' in side && side.warning !== undefined ? [side.warning] : [])),
      ...proposed.warnings,
    ],
  }
}

const mostNames = 10
/** File names are head's, and may hold anything. */
const plain = (name: string) => name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')

function alteredWarning(names: readonly string[], isRun: boolean): string[] {
  if (names.length === 0) return []
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : ''
  const beside = isRun ? ' Evals that they change run beside, as proposed.' : ''
  return [
    `The base's version of these holds until the change is merged: ${names.slice(0, mostNames).map(plain).join(', ')}${more}.${beside}`,
  ]
}
