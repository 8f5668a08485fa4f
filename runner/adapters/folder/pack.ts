import { ProctorError } from '../../domain/error.ts'
import type { Batch, Plan, Run } from '../../domain/plan.ts'

/**
 * plan.json: what many runs share (agent, judge, limits, exercise, scorers) is written once, in `parts`, and runs name it by its
 * place there. Reading gives runs that share the same objects again, so a plan of many runs stays small in memory too.
 */
type Packed = Omit<Plan, 'batches'> & {
  readonly schema: typeof planSchema
  readonly parts: readonly unknown[]
  readonly batches: readonly PackedBatch[]
}
type PackedBatch = Omit<Batch, 'runs'> & { readonly runs: readonly PackedRun[] }
type PackedRun = Omit<Run, 'agent' | 'judge' | 'limits' | 'sample'> & {
  readonly agent: number
  readonly judge: number
  readonly limits: number
  readonly sample: Omit<Run['sample'], 'exercise' | 'scorers'> & { readonly exercise?: number; readonly scorers: number }
}
export const planSchema = 'proctor/plan@1'

/** Yields the JSON text piece by piece: the whole of it is never one string. */
export function* packPlan(plan: Plan): Generator<string> {
  const { parts, place } = partsTable()
  const { batches, ...head } = plan
  yield `${JSON.stringify({ schema: planSchema, ...head }).slice(0, -1)},\n"batches":[`
  for (const [index, { runs, ...batch }] of batches.entries()) {
    yield `${index ? ',' : ''}\n${JSON.stringify(batch).slice(0, -1)},"runs":[`
    for (const [at, run] of runs.entries()) yield `${at ? ',' : ''}\n${JSON.stringify(packRun(run, place))}`
    yield ']}'
  }
  yield `],\n"parts":[${parts.map((part) => `\n${part}`).join(',')}\n]}\n`
}

/** Throws `records_damaged`. */
export function unpackPlan(text: string): Plan {
  const { schema: found, parts, batches, ...head } = parsed(text)
  if (found !== planSchema) throw new ProctorError('records_damaged', `plan.json says "${found}", and this release reads ${planSchema}`)
  return { ...head, batches: batches.map((batch) => ({ ...batch, runs: batch.runs.map((run) => unpackRun(run, parts)) })) }
}

function packRun({ agent, judge, limits, sample, ...run }: Run, place: (part: unknown) => number): PackedRun {
  const { exercise, scorers, ...rest } = sample
  const packed = { ...rest, scorers: place(scorers), ...(exercise && { exercise: place(exercise) }) }
  return { ...run, agent: place(agent), judge: place(judge), limits: place(limits), sample: packed }
}

function unpackRun({ agent, judge, limits, sample, ...run }: PackedRun, parts: readonly unknown[]): Run {
  const { exercise, scorers, ...rest } = sample
  // JSON that `packRun` wrote: a part's type is that of the field it stands for.
  const part = <T>(index: number) => parts[index] as T
  return {
    ...run,
    agent: part(agent),
    judge: part(judge),
    limits: part(limits),
    sample: { ...rest, scorers: part(scorers), ...(exercise !== undefined && { exercise: part(exercise) }) },
  }
}

/** The same object is looked at once; equal objects share a place too. */
function partsTable() {
  const parts: string[] = []
  const byText = new Map<string, number>()
  const byObject = new Map<unknown, number>()
  const place = (part: unknown): number => {
    const known = byObject.get(part)
    if (known !== undefined) return known
    const text = JSON.stringify(part)
    const index = byText.get(text) ?? parts.push(text) - 1
    byText.set(text, index)
    byObject.set(part, index)
    return index
  }
  return { parts, place }
}

function parsed(text: string): Packed {
  try {
    // Our own file, told apart by its schema.
    return JSON.parse(text) as Packed
  } catch (cause) {
    throw new ProctorError('records_damaged', 'plan.json is not JSON', { cause })
  }
}
