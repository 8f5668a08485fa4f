import { resolve } from 'node:path'
import { version } from '../../runner/lib/version.ts'
import { readArgs, type Usage } from '../args.ts'
import { readSettings } from '../settings.ts'

const usage: Usage = {
  usage: 'proctor report OUT [options]',
  about: 'Writes report.json, report.html, summary.md, junit.xml and the badges of an output folder again, from its records.',
  positionals: { min: 1, max: 1 },
  options: [{ name: 'json', help: 'Print report.json on stdout' }],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const out = resolve(args.positionals[0] ?? '.')
  const [{ openWorld }, { conclude }] = await Promise.all([import('../../runner/adapters/preset.ts'), import('../../runner/evaluate.ts')])
  await using world = await openWorld({ ...readSettings(), out, version, watch: () => {}, keepSandboxes: false, live: false })
  const report = await conclude(await world.storedPlan(), world)
  if (args.on('json')) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  process.stderr.write(`report: ${resolve(out, 'report.html')}\n`)
  return 0
}
