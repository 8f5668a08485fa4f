import { resolve } from 'node:path'
import { plural } from '../../runner/report/wording.ts'
import { readArgs, type Usage } from '../args.ts'
import { readSettings } from '../settings.ts'

const usage: Usage = {
  usage: 'proctor validate [PATH] [options]',
  about: 'Checks agents, evals, scenarios and datasets, and names every problem in one go. Starts nothing.',
  positionals: { min: 0, max: 1 },
  options: [{ name: 'quiet', short: 'q', help: 'Only problems' }],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const { validatePackage } = await import('../../runner/plan/validate-package.ts')
  const found = await validatePackage(resolve(args.positionals[0] ?? '.'), { fallback: readSettings().judgeModel })
  for (const warning of found.warnings) process.stderr.write(`warning: ${warning}\n`)
  if (!args.on('quiet'))
    process.stdout.write(
      `valid: ${(['agent', 'eval', 'scenario', 'sample'] as const).map((noun) => plural(found[`${noun}s`], noun)).join(', ')}\n`,
    )
  return 0
}
