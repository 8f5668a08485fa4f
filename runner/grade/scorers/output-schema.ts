import { Ajv, type Options as AjvOptions, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'
import type { Json } from '../../domain/blob.ts'
import { ProctorError } from '../../domain/error.ts'
import { OutputSchemaScorer } from '../../domain/scorer.ts'
import { digest } from '../../lib/digest.ts'
import { hasMatch } from '../guarded-regexp.ts'
import { responseJson } from '../response-json.ts'
import { excerpt, type Scorer, scored } from '../score.ts'

const Options = z.object({ schema: OutputSchemaScorer.shape.schema })

/** PASS when the last response is JSON that follows the schema: 2020-12, or draft-07 where `$schema` says so. */
export const outputSchema: Scorer = async ({ spec, run, record }) => {
  const schema: Json | undefined = Options.parse(spec.options).schema ?? run.agent.outputSchema
  if (schema === undefined)
    throw new ProctorError('scorer_broken', `The scorer "${spec.name}" has no schema, and the agent declares no output_schema.`)
  const text = record.turns.at(-1)?.response ?? ''
  const problem =
    record.ended.as === 'error'
      ? `The agent ended with ${record.ended.code}: ${record.ended.message}`
      : violations(compile(schema, spec.name), text)
  return scored({ spec, trust: 'black-box', status: problem ? 'FAIL' : 'PASS', evidence: problem ?? 'The response follows the schema.' })
}

const mostErrors = 20

function violations(validate: ValidateFunction, text: string): string | undefined {
  const read = responseJson(text)
  if ('problem' in read) return `${read.problem}\n${excerpt(text, 1500)}`
  try {
    if (validate(read.value)) return undefined
  } catch (thrown) {
    // A response nested so deeply, or a pattern so slow, that checking it gave up.
    return `The response cannot be checked: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  }
  const errors = validate.errors ?? []
  const more = errors.length - mostErrors
  return [...errors.slice(0, mostErrors).map(sentence), ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

const sentence = ({ instancePath, message, params }: ErrorObject) =>
  `$${instancePath.replaceAll('/', '.')}: ${message} ${JSON.stringify(params)}`.slice(0, 300)

const compiled = new Map<string, ValidateFunction>()
const mostCompiled = 100

function compile(schema: Json, scorer: string): ValidateFunction {
  const key = digest(schema)
  const known = compiled.get(key)
  if (known) return known
  try {
    if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema)))
      throw new Error('it is no object')
    const declared = typeof schema === 'object' && '$schema' in schema ? String(schema.$schema) : ''
    const validate = (/draft-0[67]/.test(declared) ? new Ajv(settings) : new Ajv2020(settings)).compile(schema)
    if (compiled.size >= mostCompiled) compiled.clear()
    compiled.set(key, validate)
    return validate
  } catch (thrown) {
    throw new ProctorError(
      'scorer_broken',
      `The schema of "${scorer}" is no JSON Schema: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    )
  }
}

/** `pattern` meets a response that nobody trusts, so it gets the same deadline as a `regex`. Ajv keeps one of each `toString`. */
const guardedRegExp = Object.assign(
  (pattern: string, flags: string) => ({ test: (text: string) => hasMatch(pattern, flags, text), toString: () => `/${pattern}/${flags}` }),
  { code: 'new RegExp' },
)
const settings: AjvOptions = { allErrors: true, strict: false, validateFormats: false, logger: false, code: { regExp: guardedRegExp } }
