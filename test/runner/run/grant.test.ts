import { expect, it } from 'vitest'
import { ProctorError } from '../../../runner/domain/error.ts'
import { Redactor } from '../../../runner/lib/redact.ts'
import { issueGrant } from '../../../runner/run/grant.ts'
import { fakeEnvironment, fakeExercise, fakeRun } from '../../fakes/runs.ts'

const holding = (values: Record<string, string>) => ({
  storedToken: () => Promise.reject(new Error('none is stored')),
  async resolve(names: readonly string[]) {
    const missing = names.filter((name) => values[name] === undefined)
    if (missing.length > 0) throw new ProctorError('agent_secret_unresolved', missing.join())
    return new Map(names.map((name) => [name, values[name] ?? '']))
  },
})
const names = ['TASK_FILE', 'RUN_TOKEN', 'RUN_TOKEN_JTI', 'RUN_ID', 'TASK_ID', 'AGENT_ID', 'API_URL', 'TOOLS_SCHEMA_B64']

it('gives every name of the contract under both prefixes', async () => {
  const { env } = await issueGrant(fakeRun({ id: 'run-7' }), holding({}), new Redactor())
  for (const name of names) expect(env[`PIPELINES_${name}`], name).toBe(env[`PROCTOR_${name}`])
  expect(env).toMatchObject({ PIPELINES_RUN_ID: 'run-7', PROCTOR_TASK_ID: 'sample', PROCTOR_AGENT_ID: 'agent' })
  expect(env.PIPELINES_ODYSSEY_PROXY_URL).toBe(env.PROCTOR_TOOLS_URL)
  expect(JSON.parse(atob(env.PROCTOR_TOOLS_SCHEMA_B64 ?? ''))).toEqual([])
})

it('gives each run a token of its own, masked from the start', async () => {
  const redactor = new Redactor()
  const [one, two] = await Promise.all([issueGrant(fakeRun(), holding({}), redactor), issueGrant(fakeRun(), holding({}), redactor)])
  expect(one?.env.PROCTOR_RUN_TOKEN).not.toBe(two?.env.PROCTOR_RUN_TOKEN)
  expect(redactor.redact(`token ${one?.env.PROCTOR_RUN_TOKEN}`)).toBe('token ***')
})

it('resolves credentials, masks them, and lets nobody overwrite the contract', async () => {
  const redactor = new Redactor()
  const env = { KEY: { credential: 'OPENAI' }, PIN: { credential: 'PIN' }, MODE: 'fast', PROCTOR_RUN_ID: 'mine' }
  const exercise = fakeExercise({ environment: fakeEnvironment({ env: { MODE: 'slow', EXTRA: 'yes' } }) })
  const grant = await issueGrant(fakeRun({ environment: { env }, exercise }), holding({ OPENAI: 'sk-12345678', PIN: '123' }), redactor)
  expect(grant.env).toMatchObject({ KEY: 'sk-12345678', PIN: '123', MODE: 'fast', EXTRA: 'yes', PROCTOR_RUN_ID: 'run-1' })
  expect(redactor.redact('sk-12345678')).toBe('***')
  expect(grant.warnings).toEqual([expect.stringMatching(/^Credential PIN: .*shorter than 4/)])
})

it('a credential that is not set ends the run before any sandbox', async () => {
  const asking = fakeRun({ environment: { env: { KEY: { credential: 'NOPE' } } } })
  await expect(issueGrant(asking, holding({}), new Redactor())).rejects.toMatchObject({ code: 'agent_secret_unresolved' })
})
