import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openGate, questions } from './gate.ts'
import { type Behaviour, inShape, sse } from './provider.ts'

const { anthropic, chat, gemini, responses } = questions
const streamed = {
  anthropic: { path: `${anthropic.path}?beta=true`, body: { ...anthropic.body, stream: true } },
  responses: { path: responses.path, body: { ...responses.body, stream: true } },
  chat: { path: chat.path, body: { ...chat.body, stream: true } },
  gemini: { path: gemini.path.replace(':generateContent', ':streamGenerateContent?alt=sse'), body: gemini.body },
}

/** A stream whose steps the test takes. */
function byHand() {
  const opened = Promise.withResolvers<{ response: ServerResponse; events: readonly unknown[] }>()
  const behaviour: Behaviour = ({ url }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    opened.resolve({ response, events: inShape(url, 100, 10)[1] })
  }
  return { behaviour, opened: opened.promise }
}

describe('a stream', () => {
  test.each(Object.entries(streamed))(
    '%s begins before the provider ends, piece by piece, and is metered',
    async (name, { path, body }) => {
      const { behaviour, opened } = byHand()
      await using gate = await openGate({ behaviour })
      const response = await gate.open(path, { body })
      expect(response.headers['content-type']).toBe('text/event-stream')
      const provider = await opened
      let sent = ''
      let got = ''
      for (const event of provider.events) {
        // What was asked for by the gateway alone is not the agent's to see.
        const isHidden = name === 'chat' && JSON.stringify(event).includes('"choices":[]')
        provider.response.write(sse(event))
        if (isHidden) continue
        sent += sse(event)
        while (got.length < sent.length) got += String((await once(response, 'data'))[0])
      }
      expect(got).toBe(sent)
      expect(gate.grant.calls()).toEqual([])
      provider.response.end()
      expect(await text(response)).toBe('')
      expect(gate.grant.calls()).toMatchObject([{ status: 200, tokens: { input: 100, output: 10 } }])
      expect(gate.grant.calls()[0]?.estimated).toBeUndefined()
    },
  )

  test('headers arrive before the first word', async () => {
    const { behaviour, opened } = byHand()
    await using gate = await openGate({ behaviour })
    const response = await gate.open(streamed.anthropic.path, { body: streamed.anthropic.body })
    expect(response.statusCode).toBe(200)
    expect(gate.grant.usage()).toMatchObject({ by: 'metered', calls: 1, outputTokens: 100 })
    const provider = await opened
    provider.response.end()
    await text(response)
  })

  test('a reader that does not read holds the provider back, and gets everything in the end', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const total = 64 * 1024 * 1024
    let sent = 0
    await using gate = await openGate({
      behaviour: async (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (; sent < total; sent += chunk.length) {
          if (!response.write(chunk)) await once(response, 'drain')
          else await tick()
        }
        response.end()
      },
    })
    const response = await gate.open(streamed.chat.path, { body: streamed.chat.body })
    // Stands still once all buffers on the way are full.
    let before = -1
    while (sent !== before) {
      before = sent
      for (let turn = 0; turn < 2000; turn++) await tick()
    }
    expect(sent).toBeLessThan(total / 2)
    let received = 0
    for await (const bytes of response as AsyncIterable<Buffer>) received += bytes.length
    expect(received).toBe(total)
  })
})

describe('an agent that goes away', () => {
  test.each(['before the answer', 'in its middle'])('%s takes its request along, and pays what was set aside', async (when) => {
    const { behaviour, opened } = byHand()
    const nothing = Promise.withResolvers<void>()
    const silent: Behaviour = () => nothing.resolve()
    await using gate = await openGate({ behaviour: when === 'before the answer' ? silent : behaviour })
    const leave = new AbortController()
    const { path, body } = streamed.anthropic
    const asked = gate.open(path, { body, signal: leave.signal })
    if (when === 'before the answer') await nothing.promise
    else {
      const [response, provider] = [await asked, await opened]
      provider.response.write(sse(provider.events[0]))
      await once(response, 'data')
      response.on('error', () => {})
    }
    leave.abort()
    await asked.catch(() => {})
    await expect.poll(() => gate.provider.gone.length).toBe(1)
    await expect.poll(() => gate.grant.calls()).toMatchObject([{ status: 499, estimated: true, tokens: { output: 100 } }])
    expect(gate.grant.trouble()).toBeUndefined()
  })

  test('after the count came pays what was counted', async () => {
    const { behaviour, opened } = byHand()
    await using gate = await openGate({ behaviour })
    const leave = new AbortController()
    const response = await gate.open(streamed.responses.path, { body: streamed.responses.body, signal: leave.signal })
    response.on('error', () => {})
    const { response: provider, events } = await opened
    for (const event of events) provider.write(sse(event))
    let got = ''
    while (!got.includes('response.completed')) got += String((await once(response, 'data'))[0])
    leave.abort()
    await expect.poll(() => gate.grant.calls()).toMatchObject([{ tokens: { input: 100, output: 10 } }])
    expect(gate.grant.calls()[0]?.estimated).toBeUndefined()
  })

  test('while it still says what it wants costs nothing', async () => {
    await using gate = await openGate()
    const leave = new AbortController()
    const asked = gate.open(chat.path, {
      headers: { 'x-api-key': gate.grant.token, 'content-length': 1000 },
      body: 'half',
      signal: leave.signal,
    })
    setTimeout(() => leave.abort(), 20)
    await expect(asked).rejects.toThrow()
    await expect.poll(() => gate.grant.calls()).toMatchObject([{ status: 499, costUsd: 0 }])
    expect(gate.provider.got).toEqual([])
  })
})

describe('the end of a run', () => {
  test('cuts what is under way, pays it, and leaves no socket', async () => {
    const { behaviour, opened } = byHand()
    await using gate = await openGate({ behaviour })
    const response = await gate.open(streamed.anthropic.path, { body: streamed.anthropic.body })
    response.on('error', () => {})
    await opened
    await gate.grant[Symbol.asyncDispose]()
    expect(gate.grant.calls()).toMatchObject([{ status: 499, estimated: true }])
    expect(gate.grant.usage()).toMatchObject({ by: 'metered', calls: 1, outputTokens: 100 })
    await expect.poll(() => gate.provider.gone.length).toBe(1)
    await expect(gate.ask(chat.path, { body: chat.body })).rejects.toThrow(/ENOENT|ECONNREFUSED/)
    await gate.grant[Symbol.asyncDispose]()
  })

  test('a run that never listened ends as well', async () => {
    await using gate = await openGate()
    const limits = { wallMs: 1000, turns: 1 }
    const grant = await gate.gateway.admit({
      run: { id: 'x', eval: 'e', limits, agent: { slug: 'a' } },
      keys: new Map(),
      hosts: [],
      open: false,
    })
    await grant[Symbol.asyncDispose]()
    await expect(grant.listen(gate.folder)).rejects.toMatchObject({ code: 'internal_error' })
  })

  test('a folder whose path no socket can have is named', async () => {
    await using gate = await openGate()
    const limits = { wallMs: 1000, turns: 1 }
    await using grant = await gate.gateway.admit({
      run: { id: 'x', eval: 'e', limits, agent: { slug: 'a' } },
      keys: new Map(),
      hosts: [],
      open: false,
    })
    await expect(grant.listen(`${gate.folder}/${'long/'.repeat(20)}`)).rejects.toThrow(/long.*bytes/s)
  })
})
