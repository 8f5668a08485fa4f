import { userInfo } from 'node:os'
import { ProctorError } from '../runner/domain/error.ts'
import type { Args } from './args.ts'
import { readSecret } from './secret-input.ts'

/** `proctor credentials --organisation`: those that the GitHub App keeps for an organisation. */
export async function organisationCredentials(args: Args, organisation: string): Promise<number> {
  const [action = '', name] = args.positionals
  if (!['set', 'list', 'rm'].includes(action))
    throw new ProctorError('usage_invalid', `credentials: found "${action}"; accepted: set, list, rm`)
  if (!/^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i.test(organisation))
    throw new ProctorError('usage_invalid', '--organisation: accepted: its name on GitHub, such as acme')
  if (action !== 'list' && !/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name ?? ''))
    throw new ProctorError('usage_invalid', `credentials: found "${name}"; accepted: letters, digits and _, such as DEPLOY_TOKEN`)
  const value = action === 'set' ? await readSecret(process.stdin, process.stderr, `value of ${name} (not shown): `) : ''
  if (value === undefined) return 130
  if (action === 'set' && value.trim() === '')
    throw new ProctorError('usage_invalid', `credentials set: the value of ${name} is empty; it is read from stdin`)
  const { openOperatorStore } = await import('../app/operator-store.ts')
  await using store = await openOperatorStore(process.env)
  return await act({ action, organisation, name: name ?? '', value, args, store: store.credentials })
}

type Acting = {
  readonly action: string
  readonly organisation: string
  readonly name: string
  readonly value: string
  readonly args: Args
  readonly store: Awaited<ReturnType<typeof import('../app/operator-store.ts').openOperatorStore>>['credentials']
}

async function act({ action, organisation, name, value, args, store }: Acting): Promise<number> {
  const all = await store.list(organisation)
  if (action === 'list') {
    if (args.on('json')) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
    else
      for (const { name, version, createdAt } of all)
        process.stdout.write(`${name.padEnd(32)}  version ${version}, set ${createdAt.toISOString()}\n`)
  } else if (action === 'rm') {
    if (!(await store.remove(organisation, name)))
      throw new ProctorError('usage_invalid', `credentials rm: ${organisation} has no credential ${name}`)
    process.stderr.write(`removed ${name}\n`)
  } else if (all.some((one) => one.name === name) && !args.on('rotate'))
    process.stderr.write(`kept ${name}: it is stored already; --rotate replaces it\n`)
  else process.stderr.write(`set ${name}, version ${await store.set({ organisation, name, value, by: userInfo().username })}\n`)
  return 0
}
