import { formats, jsonSchema } from '../runner/domain/formats.ts'
import { generate } from './generated.ts'

/** schemas/: one JSON Schema a format, out of the same zod schemas that read the files. `--check`: are they fresh? */
generate(
  Object.fromEntries(Object.keys(formats).map((name) => [`schemas/${name}.schema.json`, `${JSON.stringify(jsonSchema(name), null, 2)}\n`])),
  'node script/schemas.ts',
)
