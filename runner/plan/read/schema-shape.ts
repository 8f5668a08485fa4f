import { z } from 'zod'

export type Path = readonly (string | number)[]
type Schema = z.core.$ZodType

/** The schema that stands at a path of the value, with wrappers (defaults, optional) removed; of a union, the forms that have the path. */
export function schemaAt(schema: Schema, path: Path, value: unknown): Schema[] {
  const here = chosen(forms(schema), value)
  const [part, ...rest] = path
  if (part === undefined) return [...here]
  const child = typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, part)?.value : undefined
  return here.flatMap((form) => {
    const next = childOf(form, part)
    return next ? schemaAt(next, rest, child) : []
  })
}

/** Names of the keys that any of the forms has. */
export function keysOf(schemas: readonly Schema[]): string[] {
  return [
    ...new Set(
      schemas.flatMap((schema) =>
        schema instanceof z.ZodObject ? Object.keys(schema.shape) : schema instanceof z.ZodRecord ? recordKeys(schema) : [],
      ),
    ),
  ]
}

/** The forms in words: `"none", {rubric, model?, samples?}`. */
export function formsOf(schemas: readonly Schema[]): string {
  return [...new Set(schemas.map(describe))].join(', ')
}

/** A union's options, a wrapper's inside. */
function forms(schema: Schema): Schema[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => forms(option))
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  ) {
    return forms(schema.def.innerType)
  }
  return [schema]
}

/** Where forms differ in a literal (`kind`, `type`, `mode`), the one whose literal stands in the value. */
function chosen(options: readonly Schema[], value: unknown): readonly Schema[] {
  if (typeof value !== 'object' || value === null) return options
  const fitting = options.filter((option) => {
    if (!(option instanceof z.ZodObject)) return true
    return Object.entries(option.shape).every(
      ([key, field]) => !(field instanceof z.ZodLiteral) || field.values.has(Object.getOwnPropertyDescriptor(value, key)?.value),
    )
  })
  return fitting.length > 0 ? fitting : options
}

function childOf(schema: Schema, part: string | number): Schema | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, part) ? schema.shape[part] : undefined
  if (schema instanceof z.ZodArray) return schema.element
  return schema instanceof z.ZodRecord ? schema.def.valueType : undefined
}

function recordKeys(schema: z.ZodRecord): string[] {
  const key: Schema = schema.def.keyType
  return key instanceof z.ZodEnum ? key.options.map(String) : []
}

function describe(schema: Schema): string {
  if (schema instanceof z.ZodLiteral) return [...schema.values].map((value) => JSON.stringify(value)).join(', ')
  if (schema instanceof z.ZodEnum) return schema.options.map((value) => JSON.stringify(value)).join(', ')
  if (schema instanceof z.ZodObject)
    return `{${Object.entries(schema.shape)
      .map(([key, field]) => (isOptional(field) ? `${key}?` : key))
      .join(', ')}}`
  if (schema instanceof z.ZodArray) return 'a list'
  if (schema instanceof z.ZodRecord) return 'a mapping'
  if (schema instanceof z.ZodNumber) return schema.isInt ? 'a whole number' : 'a number'
  if (schema instanceof z.ZodBoolean) return 'true or false'
  return schema instanceof z.ZodString ? 'text' : 'any value'
}
const isOptional = (field: Schema) => field instanceof z.ZodOptional || field instanceof z.ZodDefault || field instanceof z.ZodPrefault
