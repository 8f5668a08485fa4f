import type { z } from 'zod'
import { didYouMean } from '../../lib/nearest.ts'
import { formsOf, keysOf, type Path, schemaAt } from './schema-shape.ts'

/** `on`: whether the key or the value at `path` is what is wrong. */
export type Explained = { readonly message: string; readonly path: Path; readonly on: 'key' | 'value' }
type Context = { readonly schema: z.ZodType; readonly written: unknown; readonly source: (path: Path) => string | undefined }
type Issue = z.core.$ZodIssue

/** Every issue as "`path`: found x; accepted: y", one by one. Unions are followed into the one form that was evidently meant. */
export function* explainIssues(issues: readonly Issue[], context: Context, base: Path = []): Generator<Explained> {
  for (const issue of issues) yield* explain(issue, [...base, ...issue.path.map(keyOf)], context)
}

function* explain(issue: Issue, path: Path, context: Context): Generator<Explained> {
  const value = valueAt(context.written, path)
  const meant = issue.code === 'invalid_union' && issue.errors.length > 0 ? formMeant(issue.errors, value) : undefined
  if (meant) yield* explainIssues(meant, context, path)
  else if (issue.code === 'unrecognized_keys') for (const key of issue.keys) yield unknownKey(key, path, context)
  else if (issue.code === 'invalid_key' || issue.code === 'invalid_element') yield badKey(issue.issues, path)
  else if (value === undefined) yield missing(issue, path, context)
  else yield badValue(issue, path, context)
}

function badValue(issue: Issue, path: Path, context: Context): Explained {
  const value = valueAt(context.written, path)
  const found = describeFound(value, context.source(path))
  const message = `${named(path)}found ${found}; accepted: ${accepted(issue, path, context)}${hint(issue, value, path, context)}`
  return { message, path, on: 'value' }
}

function unknownKey(key: string, path: Path, { schema, written }: Context): Explained {
  const known = keysOf(schemaAt(schema, path, written))
  const advice = path.at(-1) === 'git' && secretKey.test(key) ? storeIt(known) : didYouMean(key, known)
  return { message: `${named([...path, key])}unknown key${advice}`, path: [...path, key], on: 'key' }
}

/** What somebody calls a secret that they are about to write where everybody reads it. */
const secretKey = /^(access_?)?token$|^password$|^secret$|^pat$/i
const storeIt = (known: readonly string[]) =>
  known.includes('stored_token')
    ? '. A secret is never written into a file: `proctor credentials set --git URL` stores it, and `stored_token: true` uses it; or name a `credential`'
    : '. A secret is never written into a file: `proctor credentials set NAME` stores it, and `credential: NAME` uses it'

function badKey(issues: readonly Issue[], path: Path): Explained {
  const [first] = issues
  return {
    message: `${named(path)}found the key ${JSON.stringify(path.at(-1))}; accepted: ${first ? patternText(first) : 'a name'}`,
    path,
    on: 'key',
  }
}

function missing(issue: Issue, path: Path, context: Context): Explained {
  return { message: `${named(path)}missing; accepted: ${accepted(issue, path, context)}`, path, on: 'key' }
}

/**
 * The form whose own issues lie deepest: a value that already has the right type and keys for one form was meant as that one.
 * Undefined when no form has the value's type, or several fit it equally badly.
 */
function formMeant(forms: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  const typed = forms.filter(
    (issues) => !issues.some(({ path, code }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')),
  )
  const ranked = typed
    .map((issues) => ({ issues, strange: issues.filter((issue) => strange(issue, value)).length }))
    .sort((a, b) => a.strange - b.strange)
  const [best, second] = ranked
  return best && best.strange !== second?.strange ? best.issues : undefined
}
/** A key of the value that the form lacks, or the reverse. */
const strange = ({ code, path }: Issue, value: unknown) =>
  code === 'unrecognized_keys' ? path.length === 0 : path.length === 1 && valueAt(value, path.map(keyOf)) === undefined

function accepted(issue: Issue, path: Path, { schema, written }: Context): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ')
    case 'invalid_union':
      return formsOf(schemaAt(schema, path, written))
    case 'invalid_type':
      return formsOf(schemaAt(schema, path, written)) || issue.expected
    case 'too_small':
      return `at least ${Number(issue.minimum)}${issue.inclusive === false ? ' (exclusive)' : ''}${unit(issue.origin)}`
    case 'too_big':
      return `at most ${Number(issue.maximum)}${issue.inclusive === false ? ' (exclusive)' : ''}${unit(issue.origin)}`
    default:
      return patternText(issue)
  }
}

const unit = (origin: string) => (origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '')
const patternText = (issue: Issue): string =>
  issue.code === 'invalid_format' && issue.message.startsWith('Invalid')
    ? `text that matches ${issue.pattern ?? issue.format}`
    : issue.message

function hint(issue: Issue, value: unknown, path: Path, { schema, written }: Context): string {
  const wanted = schemaAt(schema, path, written)
  if (typeof value !== 'string' && typeof value !== 'object' && wantsText(issue)) return '. Put it in quotes'
  if (typeof value === 'object' && value !== null && issue.code === 'invalid_union') {
    const known = keysOf(wanted)
    const stranger = Object.keys(value).find((key) => !known.includes(key))
    return stranger === undefined ? '' : closest(stranger, known)
  }
  if (typeof value !== 'string') return ''
  if (issue.code === 'invalid_value')
    return closest(
      value,
      issue.values.filter((known) => typeof known === 'string'),
    )
  // The list of discriminators is what `accepted` already shows.
  return issue.code === 'invalid_union'
    ? closest(
        value,
        formsOf(wanted)
          .split(', ')
          .map((form) => form.replaceAll('"', '')),
      )
    : ''
}
const closest = (found: string, known: readonly string[]) => {
  const text = didYouMean(found, known)
  return text.startsWith('; did') ? text : ''
}
const wantsText = (issue: Issue) =>
  (issue.code === 'invalid_type' && issue.expected === 'string') ||
  (issue.code === 'invalid_value' && issue.values.every((value) => typeof value === 'string'))

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (holder, part) => (typeof holder === 'object' && holder !== null ? Object.getOwnPropertyDescriptor(holder, part)?.value : undefined),
    value,
  )
}

/** As it stands in the file where that is short: `3.10` is not 3.1. */
function describeFound(value: unknown, source: string | undefined): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return `{${Object.keys(value).slice(0, 5).join(', ')}}`
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  return `${source ?? String(value)} (${typeof value === 'number' ? 'a number' : 'true or false'})`
}

const keyOf = (part: PropertyKey) => (typeof part === 'number' ? part : String(part))
const named = (path: Path) => (path.length === 0 ? '' : `\`${pathText(path)}\`: `)
export const pathText = (path: Path): string =>
  path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${part}`), '')
