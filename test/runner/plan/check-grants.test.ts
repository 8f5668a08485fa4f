import { describe, expect, test } from 'vitest'
import { makePlan } from '../../../runner/plan/make-plan.ts'
import { validatePackage } from '../../../runner/plan/validate-package.ts'
import { agentYaml, evalYaml, planningWorld, polite, problemsOf, written } from '../../support/written.ts'

const never = new AbortController().signal
const files = (agent: string, config: string) => ({
  'agents/a/agent.yaml': agentYaml('a', agent),
  'agents/a/main.py': 'def run(task_input, *, proxy_url, run_token):\n    return ""\n',
  'agents/a/evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\n${polite}`),
  'agents/a/evals/e.csv': 'user\nhello\n',
  '.github/proctor.yml': config,
})
const env = (network = '') => `environment:\n  env: {TOKEN: {credential: DEPLOY}}\n${network && `  network: ${network}\n`}`
const grants = (grant: string) => `grants:\n  - {agent: a, ${grant}}\n`

describe('what agent.yaml asks for and .github/proctor.yml grants', () => {
  test.each<[string, string, string, string[]]>([
    ['no grants at all: a desk grants everything', env('open'), 'judge_model: none\n', []],
    ['the credential is granted', env(), grants('credentials: {DEPLOY: {}}'), []],
    ['to all agents', env(), "grants:\n  - {agent: '*', credentials: {DEPLOY: {}}}\n", []],
    [
      'the agent`s own grant wins over that of all',
      env(),
      "grants:\n  - {agent: '*', credentials: {DEPLOY: {}}}\n  - {agent: a}\n",
      ['5:16 agent_not_granted `environment.env.TOKEN`: the credential DEPLOY is not granted to a'],
    ],
    [
      'grants, and none for this agent',
      env(),
      'grants: []\n',
      ['5:16 agent_not_granted `environment.env.TOKEN`: the credential DEPLOY is not granted to a'],
    ],
    [
      'another credential',
      env(),
      grants('credentials: {OTHER: {}}'),
      ['5:16 agent_not_granted `environment.env.TOKEN`: the credential DEPLOY is not granted to a'],
    ],
    ['the gateway needs no grant', 'environment: {network: gateway}\n', grants(''), []],
    [
      'a wider network',
      'environment: {network: open}\n',
      grants(''),
      ['agent_not_granted `environment.network`: asks for `open`, and `gateway` is granted'],
    ],
    [
      'none is granted',
      'environment: {network: gateway}\n',
      grants('network: none'),
      ['agent_not_granted `environment.network`: asks for `gateway`, and `none` is granted'],
    ],
    ['a narrower network', 'environment: {network: none}\n', grants('network: open'), []],
    ['a host of the list', 'environment: {network: {allow: [api.example.com]}}\n', grants('network: {allow: ["*.example.com"]}'), []],
    [
      'a host beside the list',
      'environment: {network: {allow: [api.example.com, evil.example]}}\n',
      grants('network: {allow: ["*.example.com"]}'),
      ['asks for evil.example, and *.example.com is granted'],
    ],
    [
      'a domain that only ends alike',
      'environment: {network: {allow: [notexample.com]}}\n',
      grants('network: {allow: ["*.example.com"]}'),
      ['asks for notexample.com'],
    ],
    [
      'a credential for some hosts, and all of the internet',
      env('open'),
      grants('network: open, credentials: {DEPLOY: {hosts: [api.example.com]}}'),
      ['could go to any'],
    ],
    ['a budget within', 'budget: {cost_usd: 1}\n', grants('budget: {cost_usd: 2}'), []],
    ['a budget above', 'budget: {cost_usd: 3}\n', grants('budget: {cost_usd: 2}'), ['`budget.cost_usd`: found 3; accepted: at most 2']],
    ['no budget where one is granted', '', grants('budget: {tokens: 100}'), ['`budget.tokens`: missing; accepted: at most 100']],
    [
      'resources above',
      'environment: {resources: {memory: 4g}}\n',
      grants('resources: {memory: 2048m, cpus: 8}'),
      ['`environment.resources.memory`: found 4g; accepted: at most 2048m'],
    ],
    ['resources within', 'environment: {resources: {memory: 1.5g}}\n', grants('resources: {memory: 2g}'), []],
    [
      'a credential for the code',
      'source: {git: {url: "https://git.example.com/x", credential: CODE}}\n',
      grants(''),
      ['`source.git.credential`: the credential CODE is not granted to a'],
    ],
    [
      'a credential for the code, sent to another host than it is granted for',
      'source: {git: {url: "https://evil.example/x", credential: CODE}}\n',
      grants('credentials: {CODE: {hosts: [git.example.com]}}'),
      ['`source.git.credential`: CODE is granted for git.example.com, and the URL is at evil.example'],
    ],
    [
      'a credential for the code at another port',
      'source: {git: {url: "https://git.example.com:8443/x", credential: CODE}}\n',
      grants('credentials: {CODE: {hosts: [git.example.com]}}'),
      ['the URL is at git.example.com:8443'],
    ],
    [
      'a credential for the code at its own host',
      'source: {git: {url: "https://git.example.com/x", credential: CODE}}\n',
      grants('credentials: {CODE: {hosts: ["git.example.com:443"]}}'),
      [],
    ],
    [
      'the code`s credential never enters the sandbox, so an open network is no leak of it',
      'source: {git: {url: "https://git.example.com/x", credential: CODE}}\nenvironment: {network: open}\n',
      grants('network: open, credentials: {CODE: {hosts: [git.example.com]}}'),
      [],
    ],
    [
      'nor does the key of a model provider',
      'environment: {env: {OPENAI_API_KEY: {credential: KEY}}, network: open}\n',
      grants('network: open, credentials: {KEY: {hosts: [api.openai.com]}}'),
      [],
    ],
    [
      'a credential for some hosts, and a list with another',
      env('{allow: [api.example.com, paste.example]}'),
      grants('network: {allow: [api.example.com, paste.example]}, credentials: {DEPLOY: {hosts: ["*.example.com"]}}'),
      ['`environment.env.TOKEN`: DEPLOY is granted for *.example.com only, and could go to paste.example'],
    ],
    ['the resources of every agent', 'environment: {resources: {memory: 2g, cpus: 2}}\n', grants(''), []],
    [
      'more than those, and nothing said about it',
      'environment: {resources: {memory: 64g, disk: 100g}}\n',
      grants('resources: {disk: 100g}'),
      ['`environment.resources.memory`: found 64g; accepted: at most 2g'],
    ],
  ])('%s', async (_, agent, config, expected) => {
    await using tree = await written(files(agent, config))
    const found = (await problemsOf(() => validatePackage(tree.root))).filter((text) => text.includes('agent_not_granted'))
    expect(found).toHaveLength(expected.length)
    for (const [at, part] of expected.entries()) expect(found[at]).toContain(part)
  })

  test('hosts of a granted credential can be reached without a list in agent.yaml', async () => {
    await using tree = await written(
      files(env('gateway'), grants('credentials: {DEPLOY: {hosts: [api.example.com]}, OTHER: {hosts: [other.example]}}')),
    )
    const plan = await makePlan({ root: tree.root }, planningWorld(tree.at('cache')), never)
    expect(plan.batches[0]?.runs[0]?.agent.hosts).toEqual(['api.example.com'])
  })

  test('only what enters the sandbox opens hosts to it', async () => {
    const agent =
      'source: {git: {url: "https://git.example.com/x", credential: CODE}}\nenvironment: {env: {OPENAI_API_KEY: {credential: KEY}, TOKEN: {credential: DEPLOY}}}\n'
    const hosts = 'credentials: {CODE: {hosts: [git.example.com]}, KEY: {hosts: [api.openai.com]}, DEPLOY: {hosts: [api.example.com]}}'
    await using tree = await written(files(agent, grants(hosts)))
    const world = planningWorld(tree.at('cache'), '1.0.0', { CODE: 'a-token-of-code' })
    const plan = await makePlan({ root: tree.root }, world, never)
    expect(plan.batches[0]?.runs[0]?.agent.hosts).toEqual(['api.example.com'])
  })

  test.each([
    ['an agent that says nothing of a network has the way to those hosts', '', 'gateway'],
    ['one that wants none has none', 'none', 'none'],
  ])('%s', async (_, network, expected) => {
    await using tree = await written(files(env(network), grants('credentials: {DEPLOY: {hosts: [api.example.com]}}')))
    const plan = await makePlan({ root: tree.root }, planningWorld(tree.at('cache')), never)
    expect(plan.batches[0]?.runs[0]?.agent.environment.network).toEqual(expected)
  })
})
