/** A JSON schema, as plain JSON. */
export type Schema = { readonly [keyword: string]: unknown }

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)
const prose = new Set(['description', 'example', 'examples', 'title', 'externalDocs', 'deprecated', 'readOnly', 'xml', 'discriminator'])
const inMaps = new Set(['properties', 'patternProperties'])

/** A schema of OpenAPI 3.0 as one of JSON Schema: `nullable` becomes a type, prose goes. GitHub's alternatives overlap: any will do. */
export function forAjv(schema: unknown): Schema {
  if (!isSchema(schema)) return {}
  const kept = Object.entries(schema).filter(([key]) => !prose.has(key) && !key.startsWith('x-') && key !== 'nullable')
  const made: Schema = Object.fromEntries(
    kept.map(([key, value]) => {
      if (inMaps.has(key) && isSchema(value))
        return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, forAjv(inner)]))]
      if (key === 'default' || key === 'enum' || key === 'const' || key === 'required') return [key, value]
      if (Array.isArray(value))
        return [alternatives(key, value) ? 'anyOf' : key, value.map((inner) => (isSchema(inner) ? forAjv(inner) : inner))]
      return [key, isSchema(value) ? forAjv(value) : value]
    }),
  )
  return schema.nullable === true ? orNull(made) : made
}

/** An account is a person's or an enterprise's; the description asks for both at once. */
function alternatives(key: string, branches: readonly unknown[]): boolean {
  const needs = (name: string) =>
    branches.some((branch) => isSchema(branch) && Array.isArray(branch.required) && branch.required.includes(name))
  return key === 'oneOf' || (key === 'allOf' && needs('login') && needs('slug'))
}

function orNull(schema: Schema): Schema {
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] }
  const type = [schema.type, 'null']
  return Array.isArray(schema.enum) ? { ...schema, type, enum: [...schema.enum, null] } : { ...schema, type }
}

/** The same schema, that takes no property it does not name: GitHub would drop a misspelt one without a word. */
export function closed(schema: Schema): Schema {
  const branches = (key: string) => (Array.isArray(schema[key]) ? schema[key].filter(isSchema) : [])
  const properties = isSchema(schema.properties) ? schema.properties : {}
  const elsewhere = ['anyOf', 'allOf'].flatMap(branches).flatMap((branch) => Object.keys(namedIn(branch)))
  const named = { ...Object.fromEntries(elsewhere.map((name) => [name, {}])), ...properties }
  const inner = Object.fromEntries(Object.entries(named).map(([name, property]) => [name, isSchema(property) ? closed(property) : {}]))
  const isObject = Object.keys(properties).length > 0
  return {
    ...schema,
    ...(isSchema(schema.items) && { items: closed(schema.items) }),
    ...(isObject ? { properties: inner, additionalProperties: schema.additionalProperties ?? false } : closedBranches(schema, branches)),
  }
}

const namedIn = ({ properties }: Schema): Schema => (isSchema(properties) ? properties : {})

/** Alternatives that are objects of their own, each with its own names. */
const closedBranches = (schema: Schema, branches: (key: string) => readonly Schema[]): Schema =>
  Array.isArray(schema.anyOf) ? { anyOf: branches('anyOf').map(closed) } : {}
