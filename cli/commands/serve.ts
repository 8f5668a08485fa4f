import { cpus } from 'node:os'
import { readArgs, type Usage } from '../args.ts'

const usage: Usage = {
  usage: 'proctor serve [--slots N]',
  about: `The GitHub App on one box: webhooks, check runs, and a worker, with a database of its own unless DATABASE_URL names one.

APP_ID, PRIVATE_KEY and WEBHOOK_SECRET have to be set; without them, \`proctor serve --setup\` registers an App and says what they are. PORT, HOST,
GITHUB_API_URL or GHE_HOST, PROCTOR_DATA and DATABASE_URL may be. docs/deploy.md lists all variables.`,
  positionals: { min: 0, max: 0 },
  options: [{ name: 'slots', value: 'N', help: 'Runs at once. Default: twice the processors' }],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const slots = args.integer('slots', { min: 1, max: 256 }) ?? 2 * cpus().length
  const { readWebSettings } = await import('../../app/settings.ts')
  const { openLog } = await import('../../app/log.ts')
  const { openServe } = await import('../../app/serve.ts')
  const { untilStopped } = await import('../until-stopped.ts')
  const settings = readWebSettings(process.env)
  const log = openLog({ level: settings.logLevel, process: 'web' })
  await using _serving = await openServe({ settings, command: [process.execPath, process.argv[1] ?? '', 'worker'], slots, log })
  await untilStopped(log)
  return 0
}
