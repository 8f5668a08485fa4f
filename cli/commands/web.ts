import { readArgs, type Usage } from '../args.ts'

const usage: Usage = {
  usage: 'proctor web',
  about: `The part of the GitHub App that speaks to GitHub. It runs no agent: workers on other machines do (\`proctor worker\`), with the same DATABASE_URL.

APP_ID, PRIVATE_KEY and WEBHOOK_SECRET, or PROCTOR_DATA/app.env of \`proctor serve --setup\`, and DATABASE_URL and PROCTOR_MASTER_KEY have to be set. docs/deploy.md lists all variables.`,
  positionals: { min: 0, max: 0 },
  options: [],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const { readWebSettings } = await import('../../app/settings.ts')
  const { withAppEnv } = await import('../../app/setup/app-env.ts')
  const { openLog } = await import('../../app/log.ts')
  const { openWeb } = await import('../../app/web.ts')
  const { untilStopped } = await import('../until-stopped.ts')
  const settings = readWebSettings(await withAppEnv(process.env))
  const log = openLog({ level: settings.logLevel, process: 'web' })
  await using _web = await openWeb(settings, log)
  await untilStopped(log)
  return 0
}
