import { dirname } from 'node:path'
import { ProctorError } from '../domain/error.ts'
import type { EvalFile } from '../domain/eval.ts'
import type { ScorerFile } from '../domain/scorer.ts'
import { didYouMean } from '../lib/nearest.ts'
import { inside } from './read/inside.ts'
import type { Parsed } from './read/parse-yaml.ts'
import type { Written } from './read/read-package.ts'
import type { Path } from './read/schema-shape.ts'
import type { Setting } from './samples.ts'

/** A scorer with where it was written; `files` of it are relative to `folder`. */
export type ScorerUse = { readonly value: ScorerFile; readonly folder: string; readonly at: Parsed<unknown>['at'] }
type Around = { readonly workspace: boolean; readonly columns: readonly string[]; readonly outputSchema: boolean; readonly fence: string }

/** The scenario's scorers, then the eval's. */
export function scorersOf(one: Written<EvalFile>, setting: Setting | undefined): ScorerUse[] {
  const use = (scorers: readonly ScorerFile[], folder: string, at: ScorerUse['at']) =>
    scorers.map((value, index): ScorerUse => ({ value, folder, at: (path: Path) => at(['scorers', index, ...path]) }))
  return [...(setting ? use(setting.value.scorers, setting.folder, setting.at) : []), ...use(one.value.scorers, dirname(one.path), one.at)]
}

/** What a schema cannot see: scorers that could never work here, each with its line. */
export function checkScorers(scorers: readonly ScorerUse[], around: Around): ProctorError[] {
  const seen = new Set<string>()
  const names = scorers.flatMap(({ value, at }) => {
    const again = seen.has(value.name)
    seen.add(value.name)
    return again ? [invalid(at(['name']), `\`name\`: found "${value.name}" a second time; accepted: a name of its own`)] : []
  })
  return [...names, ...scorers.flatMap((use) => [...checkOptions(use, around), ...checkFiles(use, around.fence)])]
}

function checkOptions({ value, at }: ScorerUse, { workspace, columns, outputSchema }: Around): ProctorError[] {
  if (!workspace && value.type !== 'response' && value.type !== 'output_schema') {
    return [
      invalid(
        at(['type']),
        `\`type\`: found "${value.type}", which needs a workspace; accepted without a scenario: response, output_schema`,
      ),
    ]
  }
  if (value.type === 'response') return checkResponse(value, at, columns)
  if (value.type === 'output_schema' && value.schema === undefined && !outputSchema)
    return [invalid(at(['type']), '`schema`: missing, and the agent has no `output_schema`')]
  if (
    value.type === 'diff_size' &&
    [value.max_files, value.max_added, value.max_removed, value.max_lines].every((limit) => limit === undefined)
  ) {
    return [invalid(at(['type']), 'no limit; accepted: max_files, max_added, max_removed, max_lines')]
  }
  if (value.type === 'tests' && value.format === 'junit' && value.results === undefined)
    return [invalid(at(['format']), '`results`: missing; with `format: junit` it names the XML file')]
  if (value.type === 'tests' && value.format !== 'junit' && value.results !== undefined)
    return [invalid(at(['results']), '`results`: only with `format: junit`')]
  return []
}

type Response = Extract<ScorerFile, { type: 'response' }>
const ways = ['exact', 'contains', 'regex', 'json_equals'] as const

function checkResponse(value: Response, at: ScorerUse['at'], columns: readonly string[]): ProctorError[] {
  const given = ways.filter((way) => value[way] !== undefined)
  if (given.length === 0) return [invalid(at(['type']), `nothing to compare with; accepted: ${ways.join(', ')}`)]
  return given.flatMap((way) => {
    const wanted = value[way]
    const column = columnOf(wanted)
    if (column !== undefined && !columns.includes(column))
      return [invalid(at([way, 'column']), `\`column\`: found "${column}", which the dataset lacks${didYouMean(column, columns)}`)]
    const broken = way === 'regex' && typeof wanted === 'string' ? regexProblem(wanted) : undefined
    return broken === undefined ? [] : [invalid(at([way]), `\`regex\`: ${broken}`)]
  })
}

/** `{column: NAME}` and nothing else. */
function columnOf(wanted: unknown): string | undefined {
  if (typeof wanted !== 'object' || wanted === null || !('column' in wanted) || Object.keys(wanted).length !== 1) return undefined
  return typeof wanted.column === 'string' ? wanted.column : undefined
}

function regexProblem(source: string): string | undefined {
  try {
    new RegExp(source)
    return undefined
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

function checkFiles({ value, folder, at }: ScorerUse, fence: string): ProctorError[] {
  if (!('files' in value) || value.files === undefined) return []
  const files = inside(value.files, { folder, fence, is: 'folder' })
  if ('refused' in files) return [invalid(at(['files']), `\`files\`: ${files.refused}`)]
  if (value.type !== 'script') return []
  const script = inside(value.file, { folder: files.path, fence: files.path, is: 'file' })
  return 'refused' in script ? [invalid(at(['file']), `\`file\`: ${script.refused.replace('this file', '`files`')}`)] : []
}

const invalid = (place: ReturnType<ScorerUse['at']>, message: string) => new ProctorError('config_invalid', message, { place })
