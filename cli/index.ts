#!/usr/bin/env node
// Nothing but what every verb needs is imported here: `--version` must answer in the time that node itself takes to start.
import { version } from '../runner/lib/version.ts'

const verbs = {
  run: () => import('./commands/run.ts'),
  validate: () => import('./commands/validate.ts'),
  init: () => import('./commands/init.ts'),
  credentials: () => import('./commands/credentials.ts'),
  doctor: () => import('./commands/doctor.ts'),
  images: () => import('./commands/images.ts'),
  report: () => import('./commands/report.ts'),
  schema: () => import('./commands/schema.ts'),
  serve: () => import('./commands/serve.ts'),
  web: () => import('./commands/web.ts'),
  worker: () => import('./commands/worker.ts'),
  workers: () => import('./commands/workers.ts'),
  feedback: () => import('./commands/feedback.ts'),
  database: () => import('./commands/database.ts'),
} as const
type Verb = keyof typeof verbs

const help = `proctor examines AI agents the way CI examines code.

usage: proctor <command> [options]

  run [PATH]        run evals against agents in sandboxes, grade, report
  validate [PATH]   check agents, evals, scenarios and datasets; runs nothing
  init [PATH]       write a package and an eval that run
  credentials       store secrets, encrypted and write-only: set, list, rm
  doctor            check engine, image, model, disk and leftovers
  images ACTION     list, build or remove the images that Dockerfile bodies make
  report OUT        write the report of an output folder again
  schema [NAME]     print the JSON Schema of a file format
  serve             the GitHub App on one box: webhooks, check runs, a worker
  web               the part of it that speaks to GitHub
  worker            the part of it that runs sandboxes
  workers           database logins for workers elsewhere: allow, list, rm
  feedback          what people said of runs on GitHub: export
  database          backups of the embedded database: list, restore

  proctor <command> --help   says more about a command
  proctor --version          prints the version

exit codes: 0 gate met, 1 gate not met, 2 bad input or usage, 3 infrastructure
`

const [verb = '--help', ...rest] = process.argv.slice(2)
if (verb === '--version' || verb === '-V') process.stdout.write(`${version}\n`)
else if (verb === '--help' || verb === '-h' || verb === 'help') process.stdout.write(help)
else process.exitCode = await dispatch(verb, rest)

async function dispatch(verb: string, rest: string[]): Promise<number> {
  const { guarded, unknownVerb } = await import('./exit.ts')
  return guarded(async () => {
    if (!isVerb(verb)) throw await unknownVerb(verb, Object.keys(verbs))
    const { command } = await verbs[verb]()
    return command(rest)
  })
}

function isVerb(verb: string): verb is Verb {
  return Object.hasOwn(verbs, verb)
}
