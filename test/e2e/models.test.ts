import { readFile, rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelCall } from '../../runner/domain/model-call.ts'
import type { Report, ReportRun } from '../../runner/domain/report.ts'
import { type ModelServer, modelServer } from '../fakes/model-server/server.ts'
import { canaryOf, formsOf } from '../support/canary.ts'
import { type Ended, proctor, readReport } from '../support/cli.ts'
import { there } from '../support/there.ts'
import { agentYaml, evalYaml, polite, written } from '../support/written.ts'

/** Asks a model as any client would: by the variables that it finds. */
const ask = `import json, os, urllib.error, urllib.request

def ask(model, key=os.environ.get("ANTHROPIC_API_KEY", "")):
    body = {"model": model, "max_tokens": 1000, "messages": [{"role": "user", "content": "hello " * 50}]}
    request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode(),
        {"content-type": "application/json", "x-api-key": key, "anthropic-version": "2023-06-01"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
`
const agent = (body: string) => `${ask}\ndef run(task_input, *, proxy_url, run_token):\n${body.replaceAll(/^/gm, '    ')}\n`
const agents = {
  spender: [
    'environment: {network: gateway}\nbudget: {cost_usd: 0.05}\n',
    'statuses = []\nwhile True:\n    statuses.append(ask("claude-sonnet-4-5"))\n    if statuses[-1] != 200 and len(statuses) > 500:\n        return str(statuses)',
  ],
  counter: [
    'environment: {network: gateway}\nbudget: {tokens: 2000}\n',
    'for _ in range(500):\n    ask("claude-sonnet-4-5")\nreturn "please"',
  ],
  unpriced: ['environment: {network: gateway}\nbudget: {cost_usd: 1}\n', 'return "please %s" % ask("claude-of-tomorrow")'],
  picky: [
    'environment: {network: gateway}\nmodels: ["claude-haiku-*"]\n',
    'return "please %s %s %s" % (ask("claude-sonnet-4-5"), ask("claude-haiku-4-5"), ask("claude-haiku-4-5", "another"))',
  ],
  bound: [
    'environment: {env: {ANTHROPIC_API_KEY: {credential: TEAM}}}\n',
    'return "please %s %s" % (ask("claude-haiku-4-5"), os.environ["ANTHROPIC_API_KEY"][:3])',
  ],
  none: ['', 'return "please " + str("ANTHROPIC_BASE_URL" in os.environ)'],
} as const
type Name = keyof typeof agents

describe('agents that call models', () => {
  const key = canaryOf('host')
  const team = canaryOf('team')
  let folder: Awaited<ReturnType<typeof written>>
  let server: ModelServer
  let report: Report
  let ended: Ended
  beforeAll(async () => {
    folder = await written(
      Object.fromEntries(
        Object.entries(agents).flatMap(([name, [yaml, body]]) => [
          [`agents/${name}/agent.yaml`, agentYaml(name, yaml)],
          [`agents/${name}/main.py`, agent(body)],
          [`agents/${name}/evals/e.yaml`, evalYaml(`e-${name}`, `dataset: e.csv\njudge: none\n${polite}`)],
          [`agents/${name}/evals/e.csv`, 'id,user\none,Go.\n'],
        ]),
      ),
    )
    server = await modelServer({ key, move: () => ({ text: 'hello '.repeat(100) }) })
    ended = await proctor(['run', folder.root, '--out', folder.at('out')], { env: { ...server.variables, PROCTOR_CREDENTIAL_TEAM: team } })
    report = await readReport(folder.at('out'))
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder.root, { recursive: true, force: true })
  })
  const runOf = (name: Name): ReportRun => there(report.batches.find((batch) => batch.agent === name)?.runs[0])
  const callsOf = async (name: Name) =>
    (await readFile(folder.at(`out/${runOf(name).model_calls}`), 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ModelCall) // lines that proctor wrote

  test('end when their money is spent, and are graded', async () => {
    const run = runOf('spender')
    expect(run, ended.stderr).toMatchObject({ verdict: 'fail', ended: { as: 'limit', limit: 'cost' }, usage: { by: 'metered' } })
    const calls = await callsOf('spender')
    const largest = Math.max(...calls.map(({ costUsd }) => costUsd))
    expect(run.usage.cost_usd).toBeGreaterThan(0.05 - largest)
    expect(run.usage.cost_usd).toBeLessThanOrEqual(0.05 + largest)
    expect(calls.filter(({ refused }) => !refused).length).toBe(run.usage.calls)
  })

  test('end when their tokens are spent', () => {
    expect(runOf('counter')).toMatchObject({ verdict: 'fail', ended: { as: 'limit', limit: 'tokens' } })
    expect(runOf('counter').usage.input_tokens + runOf('counter').usage.output_tokens).toBeGreaterThan(1500)
  })

  test('get no model that has no price, while a budget in dollars holds', async () => {
    expect(runOf('unpriced').response).toMatch(/please 4\d\d/)
    expect((await callsOf('unpriced'))[0]?.refused).toMatch(/price/)
  })

  test('get the models that their file names, with their own token', async () => {
    expect(runOf('picky').response).toMatch(/^please 403 200 401$/)
    expect(server.questions().some(({ body }) => body.includes('claude-haiku-4-5'))).toBe(true)
  })

  test('may bring a key of their own, which they never see; one that the provider refuses is not their fault', () => {
    expect(runOf('bound')).toMatchObject({ verdict: 'unscored', code: 'model_key_refused' })
    const shown = server.received.map(({ headers }) => headers['x-api-key'] ?? headers.authorization?.replace('Bearer ', ''))
    expect(shown).toContain(team)
    expect(shown).toContain(key)
  })

  test('get no address of a gateway that they did not ask for', () => {
    expect(runOf('none').response).toBe('please False')
  })

  test('no key is in anything that was written or said', async () => {
    for (const forms of [formsOf(key), formsOf(team)]) {
      expect(await forms.in(folder.at('out'))).toEqual([])
      for (const form of forms) expect(ended.stdout + ended.stderr).not.toContain(form)
    }
  })
})

describe('a setup command that needs a secret', () => {
  const secret = canaryOf('setup')
  const setup = 'echo "$TOKEN" && ls /sys/class/net && printf %s "$TOKEN" | sha256sum > made && head -c 16 /dev/urandom | sha256sum >> made'
  let folder: Awaited<ReturnType<typeof written>>
  let report: Report
  let ended: Ended
  beforeAll(async () => {
    const yaml = (command: string) => `environment:\n  env: {TOKEN: {credential: X}}\n  setup_command: ${JSON.stringify(command)}\n`
    const python =
      'import os\n\ndef run(task_input, *, proxy_url, run_token):\n    return "please " + open("/home/user/agent/made").read() + ",".join(os.listdir("/sys/class/net"))\n'
    folder = await written(
      Object.fromEntries(
        [
          ['works', setup],
          ['breaks', 'echo "it is $TOKEN"; exit 3'],
        ].flatMap(([name = '', command = '']) => [
          [`agents/${name}/agent.yaml`, agentYaml(name, yaml(command))],
          [`agents/${name}/main.py`, python],
          [`agents/${name}/evals/e.yaml`, evalYaml(`e-${name}`, `dataset: e.csv\njudge: none\nepochs: 2\n${polite}`)],
          [`agents/${name}/evals/e.csv`, 'id,user\none,Go.\n'],
        ]),
      ),
    )
    ended = await proctor(['run', folder.root, '--out', folder.at('out')], { env: { PROCTOR_CREDENTIAL_X: secret } })
    report = await readReport(folder.at('out'))
  })
  afterAll(() => rm(folder.root, { recursive: true, force: true }))
  const runs = (name: string) => there(report.batches.find(({ agent }) => agent === name)).runs

  test('runs in the sandbox of each run, so that no image is made of it', () => {
    const [one, two] = runs('works')
    expect(one, ended.stderr).toMatchObject({ verdict: 'pass' })
    expect(one?.response).not.toBe(two?.response)
    expect(one?.response.slice(0, 60)).toBe(two?.response.slice(0, 60))
  })

  test('has a network, which is gone before the agent begins', () => {
    for (const { response } of runs('works')) expect(response).toMatch(/lo$/)
  })

  test('fails as a setup that failed, with its words and without the secret', async () => {
    for (const run of runs('breaks'))
      expect(run).toMatchObject({
        verdict: 'unscored',
        code: 'environment_setup_failed',
        ended: { message: expect.stringMatching(/exited with 3.*it is \*\*\*/s) },
      })
    expect(await formsOf(secret).in(folder.at('out'))).toEqual([])
  })
})
