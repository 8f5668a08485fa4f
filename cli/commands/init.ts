import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { ProctorError } from '../../runner/domain/error.ts'
import { readArgs, type Usage } from '../args.ts'
import { starter } from '../starter.ts'

const usage: Usage = {
  usage: 'proctor init [PATH]',
  about: 'Writes an agent package and an eval that run as they are. Existing files are never touched.',
  positionals: { min: 0, max: 1 },
  options: [{ name: 'name', value: 'SLUG', help: 'Name of the agent (default: hello)' }],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const root = resolve(args.positionals[0] ?? '.')
  const name = args.text('name') ?? 'hello'
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw new ProctorError('usage_invalid', `--name "${name}": lower-case letters, digits and single hyphens are accepted`)

  const files = Object.entries(starter(name)).map(([path, text]) => ({ path: join(root, path), text }))
  const present = (await Promise.all(files.map(async ({ path }) => ((await exists(path)) ? [relative(root, path)] : [])))).flat()
  if (present.length > 0)
    throw new ProctorError(
      'usage_invalid',
      `${present.join(', ')} ${present.length === 1 ? 'is' : 'are'} there already, and nothing was written`,
    )
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag: 'wx' })
    process.stdout.write(`wrote ${relative(process.cwd(), path)}\n`)
  }
  const where = relative(process.cwd(), root)
  process.stdout.write(`\nrun it: proctor run${where ? ` ${where}` : ''}\n`)
  return 0
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
