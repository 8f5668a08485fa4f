import { dirname, posix } from 'node:path'
import type { Json, Place } from '../domain/blob.ts'
import { ProctorError } from '../domain/error.ts'
import { axes, type EvalFile } from '../domain/eval.ts'
import type { ScenarioFile } from '../domain/scenario.ts'
import { digest } from '../lib/digest.ts'
import { didYouMean } from '../lib/nearest.ts'
import { inside } from './read/inside.ts'
import { type Dataset, missingUser, parseDataset, type Row } from './read/parse-dataset.ts'
import type { Parsed } from './read/parse-yaml.ts'
import type { Package, Written } from './read/read-package.ts'
import type { Path } from './read/schema-shape.ts'

/** A scenario, named or written inside an eval. Paths in it are relative to `folder`. */
export type Setting = {
  readonly name: string
  readonly value: Omit<ScenarioFile, 'apiVersion' | 'kind' | 'name'>
  readonly folder: string
  readonly at: Parsed<unknown>['at']
}
/** A row, not yet frozen. */
export type Draft = {
  readonly id: string
  readonly from?: Place
  readonly user: string
  readonly input: Readonly<Record<string, Json>>
  readonly expected?: string
  readonly setting?: Setting
}
/** `columns`: those that a scorer may name. */
export type Drafts = {
  readonly drafts: readonly Draft[]
  readonly columns: readonly string[]
  readonly problems: readonly ProctorError[]
  readonly warnings: readonly string[]
}

/** The samples of an eval: one a row of its dataset, or one of its scenario alone. */
export async function readSamples(one: Written<EvalFile>, found: Package): Promise<Drafts> {
  const setting = ownSetting(one, found)
  if (setting instanceof ProctorError) return { drafts: [], columns: [], problems: [setting], warnings: [] }
  if (one.value.dataset === undefined) return single(one, setting)
  const located = inside(one.value.dataset, { folder: dirname(one.path), fence: found.fence, is: 'file' })
  if ('refused' in located)
    return {
      drafts: [],
      columns: [],
      problems: [new ProctorError('config_invalid', `\`dataset\`: ${located.refused}`, { place: one.at(['dataset']) })],
      warnings: [],
    }
  const file = relativeTo(one, one.value.dataset)
  const dataset = await parseDataset(located.path, file)
  return dataset.problems.length > 0
    ? { drafts: [], columns: dataset.columns, problems: dataset.problems, warnings: [] }
    : fromRows({ dataset, file, one, setting, found })
}

function single(one: Written<EvalFile>, setting: Setting | undefined): Drafts {
  const user = setting?.value.instruction
  if (setting && user !== undefined)
    return {
      drafts: [{ id: setting.name, user, input: {}, setting, from: setting.at(['instruction']) }],
      columns: [],
      problems: [],
      warnings: [],
    }
  const why = setting ? `the scenario \`${setting.name}\` has no \`instruction\`` : 'there is no `scenario` with an instruction'
  return {
    drafts: [],
    columns: [],
    problems: [
      new ProctorError('config_invalid', `\`dataset\`: missing, and ${why}; accepted: a CSV with a \`user\` column`, {
        place: one.at(['name']),
      }),
    ],
    warnings: [],
  }
}

function fromRows({
  dataset,
  file,
  one,
  setting,
  found,
}: {
  dataset: Dataset
  file: string
  one: Written<EvalFile>
  setting: Setting | undefined
  found: Package
}): Drafts {
  const axis = one.value.columns.scenario_ref
  const bad = (line: number, message: string) => new ProctorError('dataset_invalid', message, { place: { file, line } })
  const problems: ProctorError[] = []
  if (!dataset.columns.includes('user') && axis === undefined && setting?.value.instruction === undefined)
    problems.push(missingUser(dataset.columns, file))
  if (axis !== undefined && !dataset.columns.includes(axis))
    problems.push(
      bad(1, `the column \`${axis}\` is missing, which \`columns.scenario_ref\` is wired to${didYouMean(axis, dataset.columns)}`),
    )
  if (problems.length > 0) return { drafts: [], columns: dataset.columns, problems, warnings: [] }

  const ids = new Ids()
  const drafts = dataset.rows.flatMap((row): Draft[] => {
    const place = { file, line: row.line }
    const own = axis === undefined ? setting : byRow(row.cells.get(axis) ?? '', { axis, place, found })
    if (own instanceof ProctorError) problems.push(own)
    if (own instanceof ProctorError) return []
    const user = row.cells.get('user')?.trim() ? row.cells.get('user') : own?.value.instruction
    if (user === undefined) problems.push(bad(row.line, '`user` is blank, and the row has no scenario with an instruction'))
    const rest = content(row, axis)
    const id = ids.give(row.cells.get('id'), [user ?? '', own?.name ?? '', rest.input, rest.expected ?? null])
    if ('refused' in id) problems.push(bad(row.line, id.refused))
    return user === undefined || 'refused' in id ? [] : [{ id: id.given, from: place, user, ...rest, ...(own ? { setting: own } : {}) }]
  })
  return { drafts, columns: dataset.columns, problems: problems.slice(0, 50), warnings: unwired(dataset.columns, one, file) }
}

/** The row's own columns. What is expected is for scorers and judge, and never reaches the agent. */
function content({ cells }: Row, axis: string | undefined): Pick<Draft, 'input' | 'expected'> {
  const kept = [...cells].filter(([title]) => title !== 'user' && title !== 'id' && title !== 'expected' && title !== axis)
  const expected = cells.get('expected')
  return { input: Object.fromEntries(kept), ...(expected === undefined ? {} : { expected }) }
}

/** A cell that is blank or unknown is an error: a coding task is never made into one without a workspace. */
function byRow(cell: string, { axis, place, found }: { axis: string; place: Place; found: Package }): Setting | ProctorError {
  const name = cell.trim()
  if (name === '') return new ProctorError('ScenarioResolutionError', `\`${axis}\` is blank; accepted: the name of a scenario`, { place })
  return (
    named(name, found) ??
    new ProctorError('ScenarioResolutionError', `\`${axis}\`: found "${name}"${didYouMean(name, names(found))}`, { place })
  )
}

function ownSetting(one: Written<EvalFile>, found: Package): Setting | ProctorError | undefined {
  const { scenario } = one.value
  if (scenario === undefined) return undefined
  if (typeof scenario === 'object') {
    const { name, ...value } = scenario
    return { name: name ?? one.value.name, value, folder: dirname(one.path), at: (path: Path) => one.at(['scenario', ...path]) }
  }
  return (
    named(scenario, found) ??
    new ProctorError('ScenarioResolutionError', `\`scenario\`: found "${scenario}"${didYouMean(scenario, names(found))}`, {
      place: one.at(['scenario']),
    })
  )
}

function named(name: string, { scenarios }: Package): Setting | undefined {
  const scenario = scenarios.find(({ value }) => value.name === name)
  if (scenario === undefined) return undefined
  return { name, value: scenario.value, folder: dirname(scenario.path), at: scenario.at }
}
const names = ({ scenarios }: Package) => scenarios.map(({ value }) => value.name)

function unwired(columns: readonly string[], one: Written<EvalFile>, file: string): string[] {
  const known: readonly string[] = axes
  const wired = Object.values(one.value.columns)
  return columns
    .filter((title) => known.includes(title) && !wired.includes(title))
    .map((title) => `${file}: the column \`${title}\` is only an input; \`columns: {${title}: ${title}}\` in the eval would wire it`)
}

/** Ids that authors gave, or short digests of what is in the row: a sample keeps its id when rows around it come and go. */
class Ids {
  readonly #given = new Set<string>()
  readonly #seen = new Map<string, number>()

  give(cell: string | undefined, row: readonly Json[]): { readonly given: string } | { readonly refused: string } {
    if (cell === undefined) return { given: this.#derived(row) }
    const id = cell.trim()
    if (id === '') return { refused: '`id` is blank; accepted: a name, or no `id` column' }
    if (id.length > 200 || /\p{Cc}/u.test(id)) return { refused: '`id`: accepted: at most 200 characters, none of them control characters' }
    if (this.#given.has(id)) return { refused: `\`id\`: found "${id}" a second time; accepted: an id of its own` }
    this.#given.add(id)
    return { given: id }
  }

  #derived(row: readonly Json[]): string {
    const short = digest(row).slice('sha256:'.length, 'sha256:'.length + 10)
    const count = (this.#seen.get(short) ?? 0) + 1
    this.#seen.set(short, count)
    return count === 1 ? short : `${short}-${count}`
  }
}

const relativeTo = ({ file }: Written<EvalFile>, path: string) => posix.join(posix.dirname(file), path)
