import { readdir, readFile, rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../runner/domain/report.ts'
import { judgeServer } from '../fakes/judge-server.ts'
import { modelServer } from '../fakes/model-server/server.ts'
import { canaryOf, formsOf } from '../support/canary.ts'
import { type Ended, proctor, readReport } from '../support/cli.ts'
import { timeless } from '../support/timeless.ts'
import { agentYaml, evalYaml, written } from '../support/written.ts'

/** A conversation of three turns over raw HTTP. Like a CLI, it tells of its surroundings: a time and a random id, which differ from run to run. */
const agent = `import json, os, time, urllib.request, uuid

def run(task_input, *, proxy_url, run_token):
    messages = []
    for turn in range(3):
        messages.append({"role": "user", "content": "turn %d of %s <system-reminder>It is %s, session %s</system-reminder>" % (
            turn, task_input["user_instruction"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), uuid.uuid4())})
        body = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": messages}
        request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode(),
            {"content-type": "application/json", "x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"})
        with urllib.request.urlopen(request) as answer:
            messages.append({"role": "assistant", "content": json.load(answer)["content"][0]["text"]})
    return " | ".join(message["content"] for message in messages if message["role"] == "assistant")
`
const key = canaryOf('recorded')
const evalOf = (csv: string) => ({
  'agent.yaml': agentYaml('talker', 'environment: {network: gateway}\nbudget: {cost_usd: 5}\n'),
  'main.py': agent,
  'rubric.md': '- **answers**: the response mentions hello\n',
  'evals/talk.yaml': evalYaml('talk', 'dataset: talk.csv\nepochs: 2\njudge: {model: local/fake, rubric: ../rubric.md}\n'),
  'evals/talk.csv': csv,
})

describe('a recorded eval', () => {
  let folder: Awaited<ReturnType<typeof written>>
  let first: { ended: Ended; report: Report; ms: number }
  let second: typeof first
  const run = async (out: string, args: readonly string[], options: Parameters<typeof proctor>[1]) => {
    const began = performance.now()
    const ended = await proctor(['run', folder.root, '--out', folder.at(out), '--concurrency', '2', ...args], options)
    return { ended, ms: performance.now() - began, report: await readReport(folder.at(out)) }
  }
  beforeAll(async () => {
    folder = await written(evalOf('id,user\none,the weather\ntwo,the time\n'))
    await using models = await modelServer({ key, latencyMs: 6000, move: (_, n) => ({ text: `hello number ${n}` }) })
    await using judge = await judgeServer()
    first = await run('first', ['--record', folder.at('tape')], { env: { ...models.variables, ...judge.variables } })
    await judge[Symbol.asyncDispose]()
    await models[Symbol.asyncDispose]()
    // Nothing of a provider is left in the environment, nor is there a network to ask anybody through.
    second = await run('second', ['--replay', folder.at('tape')], { offline: true })
  }, 180_000)
  afterAll(() => rm(folder.root, { recursive: true, force: true }))

  test('passes, and costs what it costs', () => {
    expect(first.ended.code, first.ended.stderr).toBe(0)
    expect(first.report.totals).toMatchObject({ runs: 4, pass: 4 })
    expect(first.report.totals.cost_usd).toBeGreaterThan(0)
  })

  test('replays without keys, servers and network, and gives a report equal but for times', () => {
    expect(second.ended.code, second.ended.stderr).toBe(0)
    expect(timeless(second.report)).toEqual(timeless(first.report))
  })

  test('in less than a quarter of the time', () => {
    expect(second.ms / first.ms).toBeLessThan(1 / 4)
  })

  test('holds no key, and lies apart for agents and judge', async () => {
    expect((await readdir(folder.at('tape'))).sort()).toEqual(['agents', 'judge'])
    expect(await formsOf(key).in(folder.at('tape'))).toEqual([])
    const entries = await readdir(folder.at('tape/judge'), { recursive: true, withFileTypes: true })
    const texts = await Promise.all(
      entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => readFile(`${parentPath}/${name}`, 'utf8')),
    )
    expect(texts.join('\n')).toContain('hello number')
  })

  test('a question that was not recorded ends its run, and the nearest one is shown', async () => {
    await using changed = await written(evalOf('id,user\none,the weather\ntwo,the tide\n'))
    const ended = await proctor(['run', changed.root, '--out', changed.at('out'), '--replay', folder.at('tape')])
    const report = await readReport(changed.at('out'))
    const [same, other] = ['one', 'two'].map((sample) => report.batches[0]?.runs.find((run) => run.sample === sample))
    expect(same).toMatchObject({ verdict: 'pass' })
    expect(other).toMatchObject({ verdict: 'unscored', code: 'cassette_miss' })
    expect(other?.ended.message).toMatch(/nearest one is .*the time.*the tide/s)
    expect(ended.code).toBe(2)
  })
})

test.each<[readonly string[], RegExp]>([
  [['--record', 'a', '--replay', 'b'], /leave out one of them/],
  [['--replay', '/nonexistent'], /--replay: \/nonexistent is no folder/],
])('%j is a mistake that is named', async (args, message) => {
  await using folder = await written(evalOf('user\nx\n'))
  const { code, stderr } = await proctor(['run', folder.root, ...args])
  expect(stderr).toMatch(message)
  expect(code).toBe(2)
})
