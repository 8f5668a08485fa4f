import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recording, replaying } from '../../../../../runner/adapters/upstream/cassette/cassette.ts'
import { openLive } from '../../../../../runner/adapters/upstream/live.ts'
import { type Send, type UpstreamCall, UpstreamFailed } from '../../../../../runner/adapters/upstream/send.ts'
import { Redactor } from '../../../../../runner/lib/redact.ts'
import type { Move } from '../../../../fakes/model-server/conversation.ts'
import { type ModelServer, modelServer } from '../../../../fakes/model-server/server.ts'
import { formsOf } from '../../../../support/canary.ts'
import { written } from '../../../../support/written.ts'

const patience = { stream: 10_000, whole: 10_000, idle: 10_000 }
const never = new AbortController().signal
const plain = (text: string) => text

type Asking = Partial<UpstreamCall> & { readonly prompt?: string; readonly model?: string }
function call(
  server: Pick<ModelServer, 'address' | 'key'>,
  { prompt = 'hello', model = 'claude-opus-5-5', stream = true, ...rest }: Asking = {},
) {
  const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: prompt }] })
  return {
    as: 'agent',
    run: 'run-1',
    account: { provider: 'anthropic', address: server.address, key: server.key, auth: 'x-api-key' },
    method: 'POST',
    path: '/v1/messages?beta=true',
    headers: { 'content-type': 'application/json', 'anthropic-beta': 'x' },
    body: Buffer.from(body),
    stream,
    ...rest,
  } satisfies UpstreamCall
}

async function heard(send: Send, asked: UpstreamCall): Promise<{ status: number; text: string; chunks: number }> {
  const { status, body } = await send(asked, never)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { status, text: Buffer.concat(chunks).toString('utf8'), chunks: chunks.length }
}

/** A provider that never says the same twice, a recording of it, and what is played back without it. */
async function studio(options: Parameters<typeof modelServer>[0] = {}, redact = plain) {
  const folder = await written({})
  const server = await modelServer({ move: (_asked, n) => ({ text: `answer ${n}` }), ...options })
  const record = () => recording(openLive({}, patience), folder.root, redact)
  return {
    folder,
    server,
    record,
    replay: () => replaying({ agent: join(folder.root, 'agents'), judge: join(folder.root, 'judge') }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  return files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
}
const answersIn = async (folder: string) => (await filesIn(folder)).filter((file) => !file.endsWith('request.json'))
const failure = async (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('it did not fail'),
    (thrown) => thrown,
  )

describe('played back', () => {
  test.each([true, false])('the same bytes, an event at a time, without provider and key (stream: %s)', async (stream) => {
    await using studios = await studio()
    const recorded = await heard(studios.record(), call(studios.server, { stream }))
    await studios.server[Symbol.asyncDispose]()
    const played = await heard(studios.replay(), call({ address: 'http://gone.invalid', key: '' }, { stream }))
    expect(played.text).toBe(recorded.text)
    expect(played.chunks).toBe(stream ? recorded.text.match(/^event: /gm)?.length : 1)
  })

  test('to each run and each of its questions its own answer, in order', async () => {
    await using studios = await studio()
    const record = studios.record()
    const asked = [
      { run: 'run-1' },
      { run: 'run-2' },
      { run: 'run-1' },
      { run: 'run-2', prompt: 'bye' },
      { run: 'run-1', prompt: 'bye' },
    ].map((asking) => call(studios.server, asking))
    const recorded = []
    for (const question of asked) recorded.push((await heard(record, question)).text)
    expect(new Set(recorded).size).toBe(asked.length)

    const replay = studios.replay()
    const order = [4, 1, 0, 3, 2]
    for (const index of order) expect((await heard(replay, asked[index] as UpstreamCall)).text).toBe(recorded[index])
  })

  test('questions at the same time keep their order', async () => {
    await using studios = await studio()
    const record = studios.record()
    const recorded = await Promise.all([1, 2, 3].map(() => heard(record, call(studios.server))))
    const replay = studios.replay()
    for (const { text } of recorded) expect((await heard(replay, call(studios.server))).text).toBe(text)
  })

  test('to a run that was not recorded the answers of those that were, in turn; to one that asks more often its last one', async () => {
    await using studios = await studio()
    const record = studios.record()
    const one = (await heard(record, call(studios.server, { run: 'run-1' }))).text
    expect((await heard(studios.replay(), call(studios.server, { run: 'run-1' }))).text).toBe(one)
    const more = studios.replay()
    expect([await heard(more, call(studios.server)), await heard(more, call(studios.server))].map(({ text }) => text)).toEqual([one, one])

    const two = (await heard(record, call(studios.server, { run: 'run-2' }))).text
    const replay = studios.replay()
    const foreign = []
    for (const run of ['run-8', 'run-9', 'run-7']) foreign.push((await heard(replay, call(studios.server, { run }))).text)
    expect(foreign).toEqual([one, two, one])
  })

  test("the judge's only from the judge's folder", async () => {
    await using studios = await studio()
    await heard(studios.record(), call(studios.server, { as: 'agent' }))
    const missed = await failure(studios.replay()(call(studios.server, { as: 'judge' }), never))
    expect(missed).toMatchObject({ trouble: 'not recorded', message: expect.stringContaining(join(studios.folder.root, 'judge')) })
    await heard(studios.record(), call(studios.server, { as: 'judge' }))
    expect((await heard(studios.replay(), call(studios.server, { as: 'judge' }))).status).toBe(200)
  })

  test('a file that was damaged is named', async () => {
    await using studios = await studio()
    await heard(studios.record(), call(studios.server))
    const [file = ''] = await answersIn(studios.folder.root)
    await writeFile(file, '{')
    expect(await failure(studios.replay()(call(studios.server), never))).toMatchObject({
      code: 'records_damaged',
      message: expect.stringContaining(file),
    })
  })
})

describe('what is kept', () => {
  test.each([401, 429, 500, 529])('no %i: asked again, it would be answered otherwise', async (status) => {
    await using studios = await studio({ fault: (n) => (n === 0 ? status : undefined) })
    const record = studios.record()
    expect((await heard(record, call(studios.server))).status).toBe(status)
    expect(await filesIn(studios.folder.root)).toEqual([])
    const second = await heard(record, call(studios.server))
    expect((await heard(studios.replay(), call(studios.server))).text).toBe(second.text)
  })

  test('a refusal of the question itself', async () => {
    await using studios = await studio({ fault: 400 })
    const refused = await heard(studios.record(), call(studios.server))
    expect(await heard(studios.replay(), call(studios.server))).toMatchObject({ status: 400, text: refused.text })
  })

  test.each([true, false])('nothing that broke off (stream: %s)', async (stream) => {
    await using studios = await studio({ fault: 'drop' })
    const broken = await failure(heard(studios.record(), call(studios.server, { stream })))
    expect(broken).toMatchObject({ trouble: 'connection lost' })
    expect(await filesIn(studios.folder.root)).toEqual([])
  })

  test.each([
    ['before its last event', 'event: message_stop', 'content_block_start', 0],
    ['after its last event', 'event: message_stop', 'message_stop', 1],
  ])('a stream that was left %s counts by whether it was whole', async (_when, last, until, kept) => {
    await using studios = await studio()
    const { body } = await studios.record()(call(studios.server), never)
    let text = ''
    for await (const chunk of body) {
      text += Buffer.from(chunk).toString('utf8')
      if (text.includes(until)) break
    }
    // What the network brings at once is seen at once: then there is nothing to leave early.
    const isWhole = text.includes(last) ? 1 : 0
    expect(isWhole).toBeGreaterThanOrEqual(kept)
    expect(await answersIn(studios.folder.root)).toHaveLength(isWhole)
  })

  test.each([
    [1, 0],
    [2, 1],
  ])('a client that hangs up takes the connection along: after %d of 2 events that leaves %d answers', async (count, kept) => {
    await using folder = await written({})
    const events = ['event: message_start\ndata: {"type":"message_start"}\n\n', 'event: message_stop\ndata: {"type":"message_stop"}\n\n']
    const send: Send = async () => ({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: (async function* () {
        yield* bytes(events.slice(0, count))
        throw new DOMException('This operation was aborted', 'AbortError')
      })(),
    })
    const left = await failure(heard(recording(send, folder.root, plain), call({ address: 'http://x', key: '' })))
    expect(left.name).toBe('AbortError')
    expect(await answersIn(folder.root)).toHaveLength(kept)
  })

  test('no stream that ends in the middle, or with an error, although the connection does not tell', async () => {
    const events = ['event: message_start\ndata: {"type":"message_start"}\n\n', 'event: error\ndata: {"type":"error"}\n\n']
    for (const count of [1, 2]) {
      await using folder = await written({})
      const send: Send = async () => ({
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
        body: bytes(events.slice(0, count)),
      })
      await heard(recording(send, folder.root, plain), call({ address: 'http://x', key: '' }))
      expect(await filesIn(folder.root)).toEqual([])
    }
  })

  test('of a run that is tried again, or recorded again, only the last', async () => {
    await using studios = await studio()
    const first = studios.record()
    await heard(first, call(studios.server, { prompt: 'one' }))
    await heard(first, call(studios.server, { prompt: 'gone' }))
    await heard(first, call(studios.server, { run: 'run-2', prompt: 'one' }))
    const tried = await heard(first, call(studios.server, { run: 'run-1~2', prompt: 'one' }))
    expect(await answersIn(studios.folder.root)).toHaveLength(2)
    expect((await heard(studios.replay(), call(studios.server, { prompt: 'one' }))).text).toBe(tried.text)
    expect(await failure(studios.replay()(call(studios.server, { prompt: 'gone' }), never))).toBeInstanceOf(UpstreamFailed)

    const again = await heard(studios.record(), call(studios.server, { prompt: 'one' }))
    expect((await heard(studios.replay(), call(studios.server, { prompt: 'one' }))).text).toBe(again.text)
    expect(await answersIn(studios.folder.root)).toHaveLength(2)
  })

  test('all of it when two record into one folder at once', async () => {
    await using studios = await studio()
    const recorders = [studios.record(), studios.record()]
    const runs = Array.from({ length: 30 }, (_, index) => `run-${index}`)
    const recorded = await Promise.all(runs.map((run, index) => heard(recorders[index % 2] as Send, call(studios.server, { run }))))
    const replay = studios.replay()
    for (const [index, run] of runs.entries()) expect((await heard(replay, call(studios.server, { run }))).text).toBe(recorded[index]?.text)
    expect((await filesIn(studios.folder.root)).filter((file) => file.endsWith('.tmp'))).toEqual([])
  })

  test('a folder that cannot be written is an error that says so', async () => {
    await using studios = await studio()
    await writeFile(studios.folder.at('agents'), 'a file')
    expect(await failure(heard(studios.record(), call(studios.server)))).toMatchObject({ code: 'records_unwritable' })
  })
})

describe('secrets', () => {
  test('neither keys nor tokens nor what a run registered, in whatever form and however it was cut', async () => {
    const token = `pt-${'tOkEn_'.repeat(7)}x`
    const secret = 'correct-horse-battery'
    const move = (): Move => ({
      text: `It is ${secret}, is it not?`,
      call: { name: 'Bash', input: { command: `echo ${secret} ${token}` } },
    })
    const keys = new Redactor()
    const own = new Redactor()
    own.register(secret)
    await using studios = await studio({ move }, (text) => keys.redact(text))
    keys.register(studios.server.key)
    const asking = {
      prompt: `${studios.server.key} ${token} ${secret} ${Buffer.from(secret).toString('base64')}`,
      redact: own.redact.bind(own),
    }
    for (const stream of [true, false]) {
      const { text } = await heard(studios.record(), call(studios.server, { ...asking, stream, run: `run-${stream}` }))
      // No single event holds it, and the agent gets it unchanged.
      expect(text.includes(secret)).toBe(!stream)
    }
    const files = await filesIn(studios.folder.root)
    expect(files).toHaveLength(4)
    for (const file of files) {
      const kept = await readFile(file, 'utf8')
      for (const form of [token, ...formsOf(studios.server.key), ...formsOf(secret)]) {
        if (form.length < 8) continue
        expect(kept.includes(form), `${form} in ${file}`).toBe(false)
      }
      expect(kept).not.toMatch(/x-api-key|authorization|cookie/i)
    }
    const played = await heard(studios.replay(), call(studios.server, { ...asking, run: 'run-true' }))
    const deltas = [...played.text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? '{}').delta ?? {})
    expect(deltas.map(({ text = '', partial_json = '' }) => text + partial_json).join('')).toBe(
      'It is ***, is it not?{"command":"echo *** <run token>"}',
    )
  })
})

describe('a question that was never recorded', () => {
  const recordedQuestions = [
    { prompt: 'Where is order 4521, and when does it come?', model: 'claude-opus-5-5' },
    { prompt: 'Where is order 4522, and when does it come?', model: 'claude-haiku-5' },
    { prompt: 'Something else entirely, of the same model', model: 'claude-opus-5-5' },
  ]

  test('shows the nearest one, where they first differ, and how to record it', async () => {
    await using studios = await studio()
    const record = studios.record()
    for (const asking of recordedQuestions) await heard(record, call(studios.server, asking))
    const asked = call(studios.server, { prompt: 'Where is order 4522, and when does it come?' })
    const missed = await failure(studios.replay()(asked, never))
    expect(missed).toBeInstanceOf(UpstreamFailed)
    const [, place = ''] = /The nearest one is (\S+);/.exec(missed.message) ?? []
    expect(await readFile(join(place, 'request.json'), 'utf8')).toContain(recordedQuestions[0]?.prompt)
    expect(missed.message.replace(place, 'PLACE').replaceAll(studios.folder.root, 'DIR')).toMatchInlineSnapshot(`
      "The request POST /v1/messages to claude-opus-5-5 (anthropic) was never recorded. The nearest one is PLACE; they first differ in messages[0].content, after 18 characters:
        recorded: "Where is order 4521, and when does it come?"
        asked:    "Where is order 4522, and when does it come?"
      Record it with \`proctor run --record DIR\`, where the models can be asked."
    `)
  })

  test('of another model, the model is what differs', async () => {
    await using studios = await studio()
    await heard(studios.record(), call(studios.server))
    const missed = await failure(studios.replay()(call(studios.server, { model: 'claude-opus-6' }), never))
    expect(missed.message).toContain(
      'they first differ in model, after 12 characters:\n  recorded: "claude-opus-5-5"\n  asked:    "claude-opus-6"',
    )
  })

  test('with nothing recorded at all', async () => {
    await using studios = await studio()
    await mkdir(studios.folder.at('agents'))
    const missed = await failure(studios.replay()(call(studios.server), never))
    expect(missed.message).toContain(`there is nothing recorded in ${studios.folder.at('agents')}. Record it with`)
  })

  test('does not show what the run keeps secret', async () => {
    await using studios = await studio()
    const own = new Redactor()
    own.register('correct-horse-battery')
    await heard(studios.record(), call(studios.server))
    const asked = call(studios.server, { prompt: 'correct-horse-battery', redact: own.redact.bind(own) })
    const missed = await failure(studios.replay()(asked, never))
    expect(missed.message).toContain('***')
    expect(missed.message).not.toContain('correct-horse')
  })
})

async function* bytes(texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text)
}
