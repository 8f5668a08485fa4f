import { ProctorError } from '../../runner/domain/error.ts'
import { readArgs, type Usage } from '../args.ts'
import { readSecret } from '../secret-input.ts'

const usage: Usage = {
  usage: 'proctor workers allow LOGIN [--organisation NAME ...] | list | rm LOGIN',
  about: `Logins of the database for workers on other machines. Such a login claims jobs and keeps results; it reads no credential, no delivery and
nothing of another organisation than its own.

  allow  make a login, or give the one that there is another password, which comes on stdin or is typed, and other organisations
  list   logins, and what they are for
  rm     take a login's rights

DATABASE_URL has to be that of \`proctor web\`, whose user may create roles.`,
  positionals: { min: 1, max: 2 },
  options: [{ name: 'organisation', value: 'NAME', many: true, help: 'Only work of this organisation' }],
  examples: ['openssl rand -hex 24 | tee worker-password | proctor workers allow worker_one --organisation acme'],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const [action = '', login] = args.positionals
  if (!['allow', 'list', 'rm'].includes(action))
    throw new ProctorError('usage_invalid', `workers: found "${action}"; accepted: allow, list, rm`)
  if ((login === undefined) !== (action === 'list')) throw new ProctorError('usage_invalid', usage.usage)
  if (!process.env.DATABASE_URL)
    throw new ProctorError('app_misconfigured', 'DATABASE_URL: missing; the embedded database has one worker, beside it, and no logins')
  const password = action === 'allow' ? await readSecret(process.stdin, process.stderr, `password of ${login} (not shown): `) : ''
  if (password === undefined) return 130
  const { openOperatorStore } = await import('../../app/operator-store.ts')
  await using store = await openOperatorStore(process.env)
  const logins = store.workerLogins
  if (action === 'list') {
    for (const { login, organisations } of await logins.list())
      process.stdout.write(`${login.padEnd(32)}  ${organisations?.join(', ') ?? 'all organisations'}\n`)
    return 0
  }
  const name = login ?? ''
  const organisations = args.list('organisation')
  if (action === 'allow') await logins.restrict({ login: name, password, ...(organisations.length > 0 && { organisations }) })
  else if (!(await logins.revoke(name))) throw new ProctorError('usage_invalid', `workers rm: no worker is called ${name.slice(0, 63)}`)
  process.stderr.write(`${action === 'allow' ? 'allowed' : 'removed'} ${name}\n`)
  return 0
}
