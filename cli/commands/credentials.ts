import { ProctorError } from '../../runner/domain/error.ts'
import { httpsUrl, repositoryOf } from '../../runner/lib/https-url.ts'
import { didYouMean } from '../../runner/lib/nearest.ts'
import { type Args, readArgs, type Usage } from '../args.ts'
import { readSecret } from '../secret-input.ts'
import { readSettings } from '../settings.ts'

const usage: Usage = {
  usage: 'proctor credentials set NAME | set --git URL | list | rm NAME | rm --git URL',
  about: `Secrets of this machine, encrypted in the configuration folder. What is stored can be used and replaced, never shown.

  set   store the value that comes on stdin, or that is typed; a name that is taken keeps its value unless --rotate
  list  names, and when each was set
  rm    remove one

agent.yaml uses a credential by its name, in \`env: {TOKEN: {credential: NAME}}\` or \`source: {git: {url, credential: NAME}}\`, and the token of a
repository with \`source: {git: {url, stored_token: true}}\`. PROCTOR_CREDENTIAL_NAME in the environment wins over what is stored.`,
  positionals: { min: 1, max: 2 },
  options: [
    { name: 'git', value: 'URL', help: 'The token of a private repository, instead of a name' },
    { name: 'organisation', value: 'NAME', help: 'Those that the GitHub App on this machine keeps for an organisation, instead of yours' },
    { name: 'rotate', help: 'For set: replace the value that is there' },
    { name: 'json', help: 'For list: print JSON' },
  ],
  examples: ['pbpaste | proctor credentials set DEPLOY_TOKEN', 'proctor credentials set --git https://git.example.com/team/agent --rotate'],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const [action = '', name] = args.positionals
  const organisation = args.text('organisation')
  if (organisation !== undefined) return (await import('../organisation-credentials.ts')).organisationCredentials(args, organisation)
  const { openStore, gitName } = await import('../../runner/adapters/preset.ts')
  const settings = readSettings()
  const store = openStore({ variables: settings.variables, folder: settings.configDir })

  if (action === 'list') {
    const all = await store.list()
    if (args.on('json')) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
    else if (all.length === 0) process.stderr.write('no credential is stored\n')
    else for (const { name, at } of all) process.stdout.write(`${name.padEnd(32)}  set ${at}\n`)
    return 0
  }
  if (action === 'rm') {
    const key = named(name, args, gitName)
    if (!(await store.remove(key)))
      throw new ProctorError(
        'usage_invalid',
        `credentials rm: no credential is called ${key}${didYouMean(
          key,
          (await store.list()).map(({ name }) => name),
        )}`,
      )
    process.stderr.write(`removed ${key}\n`)
    return 0
  }
  if (action !== 'set') throw new ProctorError('usage_invalid', `credentials: found "${action}"; accepted: set, list, rm`)

  const key = named(name, args, gitName)
  const taken = (await store.list()).some((one) => one.name === key)
  if (taken && !args.on('rotate')) {
    process.stderr.write(`kept ${key}: it is stored already; --rotate replaces it\n`)
    return 0
  }
  const value = await readSecret(process.stdin, process.stderr, `value of ${key} (not shown): `)
  if (value === undefined) return 130
  if (value.trim() === '') throw new ProctorError('usage_invalid', `credentials set: the value of ${key} is empty; it is read from stdin`)
  process.stderr.write(`${await store.set(key, value, { rotate: args.on('rotate') })} ${key}\n`)
  return 0
}

/** A name as agent.yaml says it, or the repository's own. */
function named(name: string | undefined, args: Args, gitName: (url: string) => string): string {
  const git = args.text('git')
  if ((name === undefined) === (git === undefined)) throw new ProctorError('usage_invalid', 'credentials: give a NAME, or --git URL')
  if (git !== undefined) {
    const url = httpsUrl(git)
    if ('refused' in url) throw new ProctorError('usage_invalid', `--git: ${url.refused}; accepted: an https URL without a user`)
    return gitName(repositoryOf(url))
  }
  if (!/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name ?? ''))
    throw new ProctorError('usage_invalid', `credentials: found "${name}"; accepted: letters, digits and _, such as DEPLOY_TOKEN`)
  return name ?? ''
}
