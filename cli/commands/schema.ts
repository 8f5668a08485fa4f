import { readdir, readFile } from 'node:fs/promises'
import { ProctorError } from '../../runner/domain/error.ts'
import { nearest } from '../../runner/lib/nearest.ts'
import { shipped } from '../../runner/lib/shipped.ts'
import { readArgs, type Usage } from '../args.ts'

const usage: Usage = {
  usage: 'proctor schema [NAME]',
  about: 'Prints the JSON Schema of a file format, or the names of all. Editors complete and check YAML with it.',
  positionals: { min: 0, max: 1 },
  options: [],
  examples: ['proctor schema eval > eval.schema.json'],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const suffix = '.schema.json'
  const names = (await readdir(shipped('schemas'))).filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length))
  const [name] = args.positionals
  if (name !== undefined && !names.includes(name)) {
    const guess = nearest(name, names)
    throw new ProctorError(
      'usage_invalid',
      `no schema is called "${name}"${guess ? `; did you mean "${guess}"?` : ''}; known: ${names.join(', ')}`,
    )
  }
  process.stdout.write(name === undefined ? `${names.join('\n')}\n` : await readFile(shipped('schemas', `${name}${suffix}`), 'utf8'))
  return 0
}
