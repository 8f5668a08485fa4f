import { expect, it } from 'vitest'
import { ProctorError } from '../../../runner/domain/error.ts'
import type { Provider } from '../../../runner/domain/provider.ts'
import { noUsage } from '../../../runner/domain/record.ts'
import { Redactor } from '../../../runner/lib/redact.ts'
import { equip } from '../../../runner/run/equip.ts'
import type { Admission, Gateway } from '../../../runner/seams/gateway.ts'
import { fakeEnvironment, fakeExercise, fakeRun } from '../../fakes/runs.ts'

/** Credentials in memory, and a gateway that remembers who was let in. */
function world(values: Record<string, string> = {}, providers: readonly Provider[] = []) {
  const admitted: Admission[] = []
  const gateway: Gateway = {
    begin() {},
    providers,
    async admit(admission) {
      admitted.push(admission)
      return {
        token: `pt-token-${admitted.length}-of-a-run`,
        providers: [...new Set([...providers, ...admission.keys.keys()])],
        listen: async () => {},
        over: new AbortController().signal,
        ending: undefined,
        usage: () => noUsage,
        calls: () => [],
        trouble: () => undefined,
        [Symbol.asyncDispose]: async () => {},
      }
    },
  }
  const credentials = {
    storedToken: () => Promise.reject(new Error('none is stored')),
    async resolve(names: readonly string[]) {
      const missing = names.filter((name) => values[name] === undefined)
      if (missing.length > 0) throw new ProctorError('agent_secret_unresolved', missing.join())
      return new Map(names.map((name) => [name, values[name] ?? '']))
    },
  }
  return { gateway, credentials, admitted }
}
const names = ['TASK_FILE', 'RUN_TOKEN', 'RUN_TOKEN_JTI', 'RUN_ID', 'TASK_ID', 'AGENT_ID', 'API_URL', 'TOOLS_SCHEMA_B64']

it('gives every name of the contract under both prefixes', async () => {
  const { env } = await equip(fakeRun({ id: 'run-7' }), world(), new Redactor())
  for (const name of names) expect(env[`PIPELINES_${name}`], name).toBe(env[`PROCTOR_${name}`])
  expect(env).toMatchObject({ PIPELINES_RUN_ID: 'run-7', PROCTOR_TASK_ID: 'sample', PROCTOR_AGENT_ID: 'agent' })
  expect(env.PIPELINES_ODYSSEY_PROXY_URL).toBe(env.PROCTOR_TOOLS_URL)
  expect(JSON.parse(atob(env.PROCTOR_TOOLS_SCHEMA_B64 ?? ''))).toEqual([])
})

it('gives each run a token of its own, masked from the start', async () => {
  const redactor = new Redactor()
  const [one, two] = await Promise.all([equip(fakeRun(), world(), redactor), equip(fakeRun(), world(), redactor)])
  expect(one?.env.PROCTOR_RUN_TOKEN).not.toBe(two?.env.PROCTOR_RUN_TOKEN)
  expect(redactor.redact(`token ${one?.env.PROCTOR_RUN_TOKEN}`)).toBe('token ***')
})

it('resolves credentials, masks them, and lets nobody overwrite the contract', async () => {
  const redactor = new Redactor()
  const env = { KEY: { credential: 'DEPLOY' }, PIN: { credential: 'PIN' }, MODE: 'fast', PROCTOR_RUN_ID: 'mine' }
  const exercise = fakeExercise({ environment: fakeEnvironment({ env: { MODE: 'slow', EXTRA: 'yes' } }) })
  const found = await equip(fakeRun({ environment: { env }, exercise }), world({ DEPLOY: 'sk-12345678', PIN: '123' }), redactor)
  expect(found.env).toMatchObject({ KEY: 'sk-12345678', PIN: '123', MODE: 'fast', EXTRA: 'yes', PROCTOR_RUN_ID: 'run-1' })
  expect(redactor.redact('sk-12345678')).toBe('***')
  expect(found.warnings).toEqual([expect.stringMatching(/^Credential PIN: .*shorter than 4/)])
})

it('a credential that is not set ends the run before any sandbox', async () => {
  const asking = fakeRun({ environment: { env: { KEY: { credential: 'NOPE' } } } })
  await expect(equip(asking, world(), new Redactor())).rejects.toMatchObject({ code: 'agent_secret_unresolved' })
})

it.each([
  ['under its own name', { ANTHROPIC_API_KEY: { credential: 'TEAM' } }, 'ANTHROPIC_API_KEY', { TEAM: 'sk-ant-real' }],
  ['under another', { MY_KEY: { credential: 'ANTHROPIC_API_KEY' } }, 'MY_KEY', { ANTHROPIC_API_KEY: 'sk-ant-real' }],
])("a model provider's key stays with the gateway, bound %s: the sandbox gets the run's token", async (_, env, name, values) => {
  const given = world(values)
  const redactor = new Redactor()
  const found = await equip(fakeRun({ environment: { env, network: 'gateway' } }), given, redactor)
  expect(JSON.stringify(found.env)).not.toContain('sk-ant-real')
  expect(found.env).toMatchObject({
    [name]: 'pt-token-1-of-a-run',
    PIPELINES_RUN_TOKEN: 'pt-token-1-of-a-run',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:8484/anthropic',
  })
  expect(given.admitted[0]?.keys.get('anthropic')).toBe('sk-ant-real')
  expect(redactor.redact('sk-ant-real')).toBe('***')
})

it('without a network nobody is admitted, and a key that is of no use is left out and named', async () => {
  const given = world({ TEAM: 'sk-real-key' })
  const found = await equip(
    fakeRun({ environment: { env: { OPENAI_API_KEY: { credential: 'TEAM' } }, network: 'none' } }),
    given,
    new Redactor(),
  )
  expect(given.admitted).toEqual([])
  expect(found.grant).toBeUndefined()
  expect(found.env).not.toHaveProperty('OPENAI_API_KEY')
  expect(found.env).not.toHaveProperty('ANTHROPIC_BASE_URL')
  expect(found.warnings).toEqual([expect.stringContaining('OPENAI_API_KEY')])
})

it("the host's providers are offered, and what the author wrote wins", async () => {
  const env = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
  const found = await equip(fakeRun({ environment: { env, network: 'gateway' } }), world({}, ['openai', 'gemini']), new Redactor())
  expect(found.env).toMatchObject({
    OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    OPENAI_API_KEY: 'pt-token-1-of-a-run',
    GEMINI_API_KEY: 'pt-token-1-of-a-run',
    GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:8484/gemini',
  })
  expect(found.env).not.toHaveProperty('ANTHROPIC_API_KEY')
})

it('allowed hosts are reached through the proxy, which knows the run by its token', async () => {
  const given = world()
  const found = await equip(fakeRun({ environment: { network: { allow: ['example.com'] } } }), given, new Redactor())
  expect(given.admitted[0]).toMatchObject({ hosts: ['example.com'], open: false })
  expect(found.env.https_proxy).toBe('http://proctor:pt-token-1-of-a-run@127.0.0.1:8484')
  expect(found.env.NO_PROXY).toContain('127.0.0.1')
})

it.each([
  ['claude -p hi', [], false],
  ['claude -p hi', ['openai'], false],
  ['claude -p hi', ['anthropic'], true],
  ['aider --model sonnet', ['openai'], false],
  ['aider --model sonnet', ['anthropic'], true],
  ['aider', ['gemini'], true],
  ['cursor-agent -p hi', [], true],
  ['my-own-agent', [], true],
] as const)('`%s` with keys of %j: goes on: %s', async (command, known, fine) => {
  const run = fakeRun({ start: { kind: 'ShellCommand', command }, environment: { network: 'gateway' } })
  const equipped = equip(run, world({}, known), new Redactor())
  if (fine) await expect(equipped).resolves.toBeDefined()
  else
    await expect(equipped).rejects.toMatchObject({ code: 'agent_secret_unresolved', message: expect.stringMatching(/_API_KEY is not set/) })
})
