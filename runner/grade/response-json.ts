import type { Json } from '../domain/blob.ts'

/** A response read as JSON, alone or in one ```json fence. */
export function responseJson(response: string): { readonly value: Json } | { readonly problem: string } {
  const text = response.trim()
  const fenced = /^```(?:json)?[ \t]*\r?\n([\s\S]*?)\r?\n?```$/i.exec(text)?.[1]
  try {
    return { value: JSON.parse(fenced ?? text) }
  } catch (thrown) {
    return { problem: `the response is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}` }
  }
}

/** The places where two JSON values differ, as `path: expected ..., found ...`; key order is free. At most `most` of them. */
export function jsonDifferences(expected: Json, found: Json, most = 10): readonly string[] {
  const differences: string[] = []
  const visit = (a: Json | undefined, b: Json | undefined, path: string): void => {
    if (differences.length >= most || a === b) return
    if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
        visit(own(a, key), own(b, key), `${path}${Array.isArray(a) ? `[${key}]` : `.${key}`}`)
    } else differences.push(`${path}: expected ${show(a)}, found ${show(b)}`)
  }
  visit(expected, found, '$')
  return differences
}

type JsonObject = Readonly<Record<string, Json>>
// A list is an object by index here.
const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null
const own = (value: JsonObject, key: string) => (Object.hasOwn(value, key) ? value[key] : undefined)
const show = (value: Json | undefined) => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200))
