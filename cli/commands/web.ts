import { readArgs, type Usage } from '../args.ts'

const usage: Usage = {
  usage: 'proctor web',
  about: `The part of the GitHub App that speaks to GitHub. It runs no agent: workers on other machines do (\`proctor worker\`), with the same DATABASE_URL.

APP_ID, PRIVATE_KEY, WEBHOOK_SECRET, DATABASE_URL and PROCTOR_MASTER_KEY have to be set. docs/deploy.md lists all variables.`,
  positionals: { min: 0, max: 0 },
  options: [],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const { readWebSettings } = await import('../../app/settings.ts')
  const { openLog } = await import('../../app/log.ts')
  const { openWeb } = await import('../../app/web.ts')
  const { untilStopped } = await import('../until-stopped.ts')
  const settings = readWebSettings(process.env)
  const log = openLog({ level: settings.logLevel, process: 'web' })
  await using _web = await openWeb(settings, log)
  await untilStopped(log)
  return 0
}
