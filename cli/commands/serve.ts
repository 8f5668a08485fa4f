import { cpus } from 'node:os'
import { type Args, readArgs, type Usage } from '../args.ts'

const usage: Usage = {
  usage: 'proctor serve [--slots N] | proctor serve --setup [--url URL] [--organisation NAME] [--force]',
  about: `The GitHub App on one box: webhooks, check runs, and a worker, with a database of its own unless DATABASE_URL names one.

APP_ID, PRIVATE_KEY and WEBHOOK_SECRET have to be set, or --setup registers an App with the help of a browser and keeps them in PROCTOR_DATA/app.env.
PORT, HOST, GITHUB_API_URL or GHE_HOST, PROCTOR_DATA and DATABASE_URL may be set. docs/deploy.md lists all variables.`,
  positionals: { min: 0, max: 0 },
  options: [
    { name: 'slots', value: 'N', help: 'Runs at once. Default: twice the processors' },
    { name: 'setup', help: 'Register an App on GitHub, and end' },
    { name: 'url', value: 'URL', help: 'With --setup: where GitHub reaches this server' },
    { name: 'organisation', value: 'NAME', help: 'With --setup: whom the App belongs to. Default: you' },
    { name: 'force', help: 'With --setup: put another App in the place of the one that there is' },
  ],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  return args.on('setup') ? setUp(args) : serve(args)
}

async function serve(args: Args): Promise<number> {
  const slots = args.integer('slots', { min: 1, max: 256 }) ?? 2 * cpus().length
  const { readWebSettings } = await import('../../app/settings.ts')
  const { withAppEnv } = await import('../../app/setup/app-env.ts')
  const { openLog } = await import('../../app/log.ts')
  const { openServe } = await import('../../app/serve.ts')
  const { untilStopped } = await import('../until-stopped.ts')
  const settings = readWebSettings(await withAppEnv(process.env))
  const log = openLog({ level: settings.logLevel, process: 'web' })
  await using _serving = await openServe({ settings, command: [process.execPath, process.argv[1] ?? '', 'worker'], slots, log })
  await untilStopped(log)
  return 0
}

async function setUp(args: Args): Promise<number> {
  const { setUp } = await import('../../app/setup.ts')
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  const isDone = await setUp(
    {
      variables: process.env,
      url: args.text('url'),
      organisation: args.text('organisation'),
      isForced: args.on('force'),
      say: (line) => process.stdout.write(`${line}\n`),
    },
    stop.signal,
  )
  return isDone ? 0 : 130
}
