import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { Schema } from './schemas.ts'
import { type Listed, type Operation, openSlice } from './slice.ts'

export type Sent = {
  readonly method: string
  /** Below the API's root, as it was sent. */
  readonly path: string
  readonly query: URLSearchParams
  readonly type: string | undefined
  readonly body: Buffer
}
/** A request that the description knows: GET /repos/{owner}/{repo}, and what stood for the braces, decoded. */
export type Matched = { readonly route: string; readonly parameters: Readonly<Record<string, string>>; readonly operation: Operation }
export type Guard = Awaited<ReturnType<typeof openGuard>>
type Route = { readonly listed: Listed; readonly pattern: RegExp; readonly literal: number }

/** What GitHub's own description of its API says to a request, and to an answer. Compiles what it is asked about, once. */
export async function openGuard() {
  const slice = await openSlice()
  // An older way to write down /compare/{basehead}.
  const routes = slice.list
    .filter(({ path }) => !path.includes('...'))
    .map(routeOf)
    .sort((a, b) => b.literal - a.literal)
  const operations = new Map<Listed, Operation>()
  const checks = new WeakMap<object, ValidateFunction>()
  // Most of what it compiles is asked once: making it better costs more than it saves.
  const shared = { strict: false, allErrors: true, validateSchema: false, code: { optimize: false } } as const
  const [ofBodies, ofQueries] = [new Ajv(shared), new Ajv({ ...shared, coerceTypes: 'array' })]
  for (const ajv of [ofBodies, ofQueries]) formats.default(ajv).addFormat('repo.nwo', /^[^/]+\/[^/]+$/)

  /** Why a value does not fit a schema, one line a reason. */
  function wrong(ajv: Ajv, schema: Schema, value: unknown): readonly string[] {
    const check = checks.get(schema) ?? ajv.compile(schema)
    checks.set(schema, check)
    if (check(value)) return []
    return (check.errors ?? []).map(({ instancePath, message, params }) => {
      const name = 'additionalProperty' in params ? ` (${params.additionalProperty})` : ''
      return `${instancePath || '/'} ${message}${name}`
    })
  }

  return {
    match({ method, path }: Pick<Sent, 'method' | 'path'>): Matched | undefined {
      for (const { listed, pattern } of routes) {
        if (listed.method !== method) continue
        const found = pattern.exec(path)
        if (!found) continue
        const operation = operations.get(listed) ?? slice.read(listed)
        operations.set(listed, operation)
        const parameters = Object.fromEntries(
          Object.entries(found.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text ?? '')]),
        )
        return { route: `${method} ${listed.path}`, parameters, operation }
      }
      return undefined
    },
    ofRequest({ operation }: Matched, sent: Sent): readonly string[] {
      return [...queryProblems(operation, sent), ...bodyProblems(operation, sent)]
    },
    /** `body` is the answer's JSON; undefined = it has none. */
    ofAnswer({ operation }: Matched, status: number, body: unknown): readonly string[] {
      const schema = operation.answers[status]
      if (schema === undefined) return status >= 400 ? [] : [`status ${status} is not one of ${Object.keys(operation.answers)}`]
      if (schema === null) return body === undefined || status >= 400 ? [] : [`status ${status} has no body`]
      return wrong(ofBodies, schema, body)
    },
  }

  function queryProblems({ query, required }: Operation, { query: given }: Sent): readonly string[] {
    const missing = required.filter((name) => !given.has(name)).map((name) => `query parameter ${name} is missing`)
    const others = [...given].flatMap(([name, value]) => {
      const schema = query[name]
      if (schema === undefined) return [`query parameter ${name} is unknown`]
      return wrong(ofQueries, inBox(schema), { value }).map((why) => `query parameter ${name}: ${why}`)
    })
    return [...missing, ...others]
  }

  function bodyProblems({ body, method }: Operation, { body: bytes, type }: Sent): readonly string[] {
    if (bytes.length === 0) return body?.required ? ['a body is required'] : []
    if (!body) return method === 'GET' ? ['no body is taken'] : []
    const schema = Object.entries(body.schemas).find(([known]) => known === type?.split(';')[0])?.[1]
    if (type?.startsWith('application/json') && schema) {
      const json = parsed(bytes)
      return json === undefined ? ['the body is no JSON'] : wrong(ofBodies, schema, json)
    }
    const takesBytes = 'application/octet-stream' in body.schemas
    return takesBytes ? [] : [`a body of the type ${type} is not taken`]
  }

  /** ajv coerces what is inside of something, not the thing itself. One box a schema, for compiled checks are found by it. */
  function inBox(schema: Schema): Schema {
    const box = boxes.get(schema) ?? { type: 'object', properties: { value: schema } }
    boxes.set(schema, box)
    return box
  }
}

const boxes = new WeakMap<Schema, Schema>()

export function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** Names may hold slashes where GitHub's may: the route with the most literal text wins. */
function routeOf(listed: Listed): Route {
  const wide = new Set(['path', 'ref', 'basehead', 'branch', 'dir'])
  const pattern = listed.path
    .split(/(\{[^}]+\})/)
    .map((part) => {
      const name = /^\{([^}]+)\}$/.exec(part)?.[1]
      if (name === undefined) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      return `(?<${name.replaceAll(/\W/g, '_')}>${wide.has(name) ? '.+' : '[^/]+'})`
    })
    .join('')
  // The root of a repository has no name.
  const optional = pattern.replace('/(?<path>.+)', '(?:/(?<path>.*))?')
  return { listed, pattern: new RegExp(`^${optional}$`), literal: listed.path.replaceAll(/\{[^}]+\}/g, '').length }
}
