import { z } from 'zod'
import type { Json } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import type { Sample } from '../../domain/plan.ts'
import { ResponseScorer, type ScorerSpec } from '../../domain/scorer.ts'
import { hasMatch, PatternTooSlow } from '../guarded-regexp.ts'
import { jsonDifferences, responseJson } from '../response-json.ts'
import { excerpt, type Scorer, scored } from '../score.ts'

const { exact, contains, regex, json_equals, ignore_case } = ResponseScorer.shape
const Options = z.object({ exact, contains, regex, json_equals, ignore_case })
type Options = z.infer<typeof Options>

/** PASS when the last response meets every condition that is given. An agent that ended with an error has no response to meet them. */
export const response: Scorer = async ({ spec, run, record }) => {
  const options = Options.parse(spec.options)
  const text = record.turns.at(-1)?.response ?? ''
  const problems =
    record.ended.as === 'error'
      ? [`The agent ended with ${record.ended.code}: ${record.ended.message}`]
      : check({ options, text, sample: run.sample, spec })
  const evidence = problems.length > 0 ? problems.join('\n') : `The response meets ${conditions(options).join(', ')}.`
  return scored({ spec, trust: 'black-box', status: problems.length > 0 ? 'FAIL' : 'PASS', evidence })
}

const kinds = ['exact', 'contains', 'regex', 'json_equals'] as const
const conditions = (options: Options) => kinds.filter((kind) => options[kind] !== undefined)

type Check = { readonly options: Options; readonly text: string; readonly sample: Sample; readonly spec: ScorerSpec }

function check({ options, text, sample, spec }: Check): readonly string[] {
  const given = conditions(options)
  if (given.length === 0) throw broken(spec, `it names none of ${kinds.join(', ')}`)
  const fold = (value: string) => (options.ignore_case ? value.toLowerCase() : value)
  return given.flatMap((kind) => {
    const wanted = lookUp({ option: options[kind] ?? null, sample, spec })
    if (kind === 'json_equals') return unequal(wanted, text)
    const words = plain(wanted)
    if (kind === 'regex') return unmatched({ pattern: words, flags: options.ignore_case ? 'i' : '', text, spec })
    if (kind === 'exact') return fold(words) === fold(plain(text)) ? [] : [`Not the same.\n${both(words, text)}`]
    if (words === '') throw broken(spec, '`contains` is empty, and every response contains that')
    return fold(plain(text)).includes(fold(words)) ? [] : [`Not contained.\n${both(words, text)}`]
  })
}

/** `{column: NAME}` stands for a value of the row. */
function lookUp({ option, sample, spec }: { option: Json; sample: Sample; spec: ScorerSpec }): Json {
  if (typeof option !== 'object' || option === null || !('column' in option) || Object.keys(option).length !== 1) return option
  const name = String(option.column)
  const value = name === 'expected' ? sample.expected : Object.hasOwn(sample.input, name) ? sample.input[name] : undefined
  if (value === undefined) throw broken(spec, `sample ${sample.id} has no column "${name}"`)
  return value
}

const plain = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\r\n', '\n').trim()

function unmatched({ pattern, flags, text, spec }: { pattern: string; flags: string; text: string; spec: ScorerSpec }): string[] {
  try {
    return hasMatch(pattern, flags, text) ? [] : [`No match of /${pattern}/${flags} in:\n${excerpt(text, 1500)}`]
  } catch (thrown) {
    if (thrown instanceof PatternTooSlow) return [`No match: ${thrown.message} on:\n${excerpt(text, 1500)}`]
    throw broken(spec, thrown instanceof Error ? thrown.message : String(thrown))
  }
}

/** A cell of a CSV is text: what it holds as JSON is what is meant. */
function unequal(wanted: Json, text: string): string[] {
  const read = responseJson(text)
  if ('problem' in read) return [`${read.problem}\n${excerpt(text, 1500)}`]
  const parsed = typeof wanted === 'string' ? responseJson(wanted) : { value: wanted }
  const differences = jsonDifferences('value' in parsed ? parsed.value : wanted, read.value)
  return differences.length === 0 ? [] : [`The JSON differs:\n${differences.join('\n')}`]
}

const both = (expected: string, found: string) =>
  `expected: ${excerpt(expected, 1500)}\nfound:    ${excerpt(found.trim(), 1500) || '(nothing)'}`

const broken = ({ name }: ScorerSpec, why: string) => new ProctorError('scorer_broken', `The scorer "${name}" cannot work: ${why}.`)
