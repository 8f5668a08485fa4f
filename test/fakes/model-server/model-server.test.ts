import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { written } from '../../support/written.ts'
import { makeBug } from './bug.ts'
import { repair } from './expression.ts'
import { type ModelServer, modelServer } from './server.ts'

const run = promisify(execFile)
const shellSchema = { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] }
const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

type Said = { readonly text: string; readonly call?: { readonly id: string; readonly name: string; readonly input: string } }
type Client = {
  readonly path: string
  readonly header: (key: string) => Record<string, string>
  /** A request with the history so far, a prompt and one shell. */
  body(prompt: string, history: readonly { readonly said: Said; readonly result: string }[], stream: boolean): object
  whole(answer: Any): Said
  streamed(events: readonly Any[]): Said
}
// biome-ignore lint/suspicious/noExplicitAny: what four providers answer, read as their clients do
type Any = any
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const commandOf = (input: string) => JSON.parse(input).command as string

/** Clients as small as they can be; each remembers what it was told and what its tool said. */
const clients: Record<string, Client> = {
  messages: {
    path: '/v1/messages?beta=true',
    header: (key) => ({ 'x-api-key': key }),
    body: (prompt, history, stream) => ({
      model: 'claude-opus-5-5',
      stream,
      tools: [{ name: 'Bash', input_schema: shellSchema }],
      messages: [
        { role: 'user', content: prompt },
        ...history.flatMap(({ said: { text, call }, result }) => [
          {
            role: 'assistant',
            content: [
              { type: 'text', text },
              { type: 'tool_use', id: call?.id, name: call?.name, input: JSON.parse(call?.input ?? '{}') },
            ],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id, content: [{ type: 'text', text: result }] }] },
        ]),
      ],
    }),
    whole: ({ content }) => {
      const call = content.find(({ type }: Any) => type === 'tool_use')
      return { text: content[0].text, ...(call ? { call: { ...call, input: JSON.stringify(call.input) } } : {}) }
    },
    streamed: (events) => {
      const deltas = (index: number, key: string) =>
        events.flatMap((event) => (event.type === 'content_block_delta' && event.index === index ? [event.delta[key]] : [])).join('')
      const call = events.find((event) => event.content_block?.type === 'tool_use')?.content_block
      return { text: deltas(0, 'text'), ...(call ? { call: { ...call, input: deltas(1, 'partial_json') } } : {}) }
    },
  },
  chat: {
    path: '/v1/chat/completions',
    header: bearer,
    body: (prompt, history, stream) => ({
      model: 'gpt-5',
      stream,
      tools: [{ type: 'function', function: { name: 'shell', parameters: shellSchema } }],
      messages: [
        { role: 'system', content: 'You are at work.' },
        { role: 'user', content: prompt },
        ...history.flatMap(({ said: { text, call }, result }) => [
          {
            role: 'assistant',
            content: text,
            tool_calls: [{ id: call?.id, type: 'function', function: { name: call?.name, arguments: call?.input } }],
          },
          { role: 'tool', tool_call_id: call?.id, content: result },
        ]),
      ],
    }),
    whole: ({ choices: [{ message }] }) => chatSaid(message.content, message.tool_calls?.[0]),
    streamed: (events) => {
      const deltas = events.flatMap(({ choices }) => choices.map(({ delta }: Any) => delta))
      const parts = deltas.flatMap(({ tool_calls = [] }) => tool_calls)
      const input = parts.map(({ function: part }) => part.arguments).join('')
      return chatSaid(
        deltas.map(({ content = '' }) => content).join(''),
        parts[0] && { id: parts[0].id, function: { name: parts[0].function.name, arguments: input } },
      )
    },
  },
  responses: {
    path: '/v1/responses',
    header: bearer,
    body: (prompt, history, stream) => ({
      model: 'gpt-5',
      stream,
      instructions: 'You are at work.',
      tools: [{ type: 'function', name: 'exec_command', parameters: shellSchema }, { type: 'web_search' }],
      input: [
        { role: 'user', content: [{ type: 'input_text', text: prompt }] },
        ...history.flatMap(({ said: { text, call }, result }) => [
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] },
          { type: 'function_call', call_id: call?.id, name: call?.name, arguments: call?.input },
          { type: 'function_call_output', call_id: call?.id, output: result },
        ]),
      ],
    }),
    whole: ({ output }) => responsesSaid(output),
    streamed: (events) => responsesSaid(events.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []))),
  },
  gemini: {
    path: '/v1beta/models/gemini-2.5-pro',
    header: (key) => ({ 'x-goog-api-key': key }),
    body: (prompt, history) => ({
      tools: [{ functionDeclarations: [{ name: 'run_shell_command', parametersJsonSchema: shellSchema }] }],
      contents: [
        { role: 'user', parts: [{ text: prompt }] },
        ...history.flatMap(({ said: { text, call }, result }) => [
          { role: 'model', parts: [{ text }, { functionCall: { name: call?.name, args: JSON.parse(call?.input ?? '{}') } }] },
          { role: 'user', parts: [{ functionResponse: { name: call?.name, response: { output: result } } }] },
        ]),
      ],
    }),
    whole: (answer) => geminiSaid([answer]),
    streamed: (events) => geminiSaid(events),
  },
}
const chatSaid = (text: string, call?: Any): Said => ({
  text,
  ...(call ? { call: { id: call.id, name: call.function.name, input: call.function.arguments } } : {}),
})
const responsesSaid = (items: Any[]): Said => {
  const call = items.find(({ type }) => type === 'function_call')
  return { text: items[0].content[0].text, ...(call ? { call: { id: call.call_id, name: call.name, input: call.arguments } } : {}) }
}
const geminiSaid = (answers: readonly Any[]): Said => {
  const parts = answers.flatMap(({ candidates }) => candidates[0].content.parts)
  const call = parts.find(({ functionCall }) => functionCall)?.functionCall
  return { text: parts[0].text, ...(call ? { call: { id: '', name: call.name, input: JSON.stringify(call.args) } } : {}) }
}

async function ask(server: ModelServer, name: string, prompt: string, history: Parameters<Client['body']>[1], stream: boolean) {
  const client = clients[name] as Client
  const path = name === 'gemini' ? `${client.path}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}` : client.path
  const response = await fetch(server.address + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...client.header(server.key) },
    body: JSON.stringify(client.body(prompt, history, stream)),
  })
  const text = await response.text()
  if (response.status !== 200) return { status: response.status, text, said: undefined }
  const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''))
  return { status: 200, text, said: stream ? client.streamed(events) : client.whole(JSON.parse(text)) }
}

describe.each(Object.keys(clients))('%s', (name) => {
  test.each([true, false])('a client that only does what it is told fixes a bug that nobody knew (stream: %s)', async (stream) => {
    const bug = makeBug({ runner: 'python' })
    await using folder = await written(bug.files)
    await using server = await modelServer()
    const history: { said: Said; result: string }[] = []
    let last: Said | undefined
    for (let turn = 0; turn < 10; turn++) {
      const { said, text } = await ask(server, name, bug.prompt, history, stream)
      if (!said) throw new Error(text)
      last = said
      if (!said.call) break
      // No git here: the listing is what `git ls-files` would say.
      const command = commandOf(said.call.input).replace('git ls-files', 'ls')
      const { stdout, stderr } = await run('sh', ['-c', command], { cwd: folder.root }).catch((failed) => failed)
      history.push({ said, result: stdout + stderr })
    }
    expect(history).toHaveLength(6)
    expect(last?.text, `seed ${bug.seed}`).toContain('1 passed')
    expect(await readFile(folder.at(bug.source), 'utf8'), `seed ${bug.seed}`).toContain(bug.fixed)
    expect(await readFile(folder.at(bug.test), 'utf8')).toBe(bug.files[bug.test])
    expect(server.questions().every(({ tokens }) => (tokens?.output ?? 0) > 0)).toBe(true)
  })

  test('who did nothing gets nowhere', async () => {
    await using server = await modelServer()
    const first = await ask(server, name, 'The test in test_a.py fails.', [], false)
    if (!first.said?.call) throw new Error('no call')
    const pretended = await ask(server, name, 'The test in test_a.py fails.', [{ said: first.said, result: 'done' }], false)
    expect([pretended.status, pretended.text]).toEqual([400, expect.stringContaining('no folder with a test in it')])
  })

  test('a wrong key is refused in the words of the provider', async () => {
    await using server = await modelServer()
    const refused = await ask({ ...server, key: 'sk-run-token' }, name, 'hello', [], false)
    expect(refused.status).toBe(401)
    expect(JSON.parse(refused.text)).toHaveProperty('error.message')
  })
})

describe('faults', () => {
  test('by the number of the question, and what comes after is answered', async () => {
    await using server = await modelServer({ fault: (n) => ([429, 500, 'drop'] as const)[n] })
    const statuses = []
    for (let n = 0; n < 4; n++) {
      const answer = await ask(server, 'messages', 'hello', [], true).catch(() => 'broken off' as const)
      statuses.push(answer === 'broken off' ? answer : answer.status)
    }
    expect(statuses).toEqual([429, 500, 'broken off', 200])
  })

  test('no answer, not even a header', async () => {
    await using server = await modelServer({ fault: 'hang' })
    const asked = fetch(`${server.address}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': server.key },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }] }),
      signal: AbortSignal.timeout(300),
    })
    await expect(asked).rejects.toThrow(/timeout/)
    expect(server.questions()).toHaveLength(1)
  })
})

describe('aider', () => {
  const system = 'Describe each change with a *SEARCH/REPLACE block*.'
  let server: ModelServer
  beforeAll(async () => {
    server = await modelServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const chat = async (messages: readonly { role: string; content: string }[]) => {
    const body = JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'system', content: system }, ...messages] })
    const response = await fetch(`${server.address}/v1/chat/completions`, { method: 'POST', headers: bearer(server.key), body })
    return { status: response.status, text: ((await response.json()) as Any).choices?.[0].message.content as string | undefined }
  }
  const file = (path: string, text?: string) => ({ role: 'user', content: `Files:\n\n${path}\n\`\`\`\n${text}\`\`\`\n` })

  test('corrects a file that stands in the chat, asks once for one that does not', async () => {
    const bug = makeBug()
    const test = file(bug.test, bug.files[bug.test])
    const source = file(bug.source, bug.files[bug.source])
    expect((await chat([test, source])).text).toContain(
      `${bug.source}\n\`\`\`python\n<<<<<<< SEARCH\n${bug.broken}\n=======\n${bug.fixed}\n`,
    )
    const asked = await chat([test])
    expect(asked.text).toBe(`Please add ${bug.source} to the chat, so that I can correct it.`)
    expect((await chat([test, { role: 'assistant', content: asked.text ?? '' }])).status).toBe(400)
    expect((await chat([{ role: 'user', content: 'Fix it.' }])).status).toBe(400)
  })
})

test.each(seeds)('bug %i is the only one, its test shows it, and one change repairs it', async (seed) => {
  const bug = makeBug({ seed, runner: 'python' })
  expect(makeBug({ seed, runner: 'python' })).toEqual(bug)
  await using folder = await written(bug.files)
  const passes = () =>
    run('sh', ['-c', bug.command], { cwd: dirname(folder.at('x')) }).then(
      () => true,
      () => false,
    )
  expect(await passes()).toBe(false)
  const source = bug.files[bug.source] ?? ''
  const change = repair(source, bug.files[bug.test] ?? '')
  expect(change).toEqual({ broken: bug.broken, fixed: bug.fixed })
  await writeFile(join(folder.root, bug.source), source.replace(bug.broken, bug.fixed))
  expect(await passes()).toBe(true)
})
