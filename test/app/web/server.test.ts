import { request as send } from 'node:http'
import { describe, expect, test } from 'vitest'
import { openServer } from '../../../app/web/server.ts'

type Options = Parameters<typeof openServer>[0]
const logged: string[] = []
const open = (more: Partial<Options> = {}) =>
  openServer({
    host: '127.0.0.1',
    port: 0,
    ready: async () => {},
    log: (fields, message) => void logged.push(`${message} ${JSON.stringify(fields)}`),
    routes: { '/echo': async (_request, response, body) => void response.end(`${body.length}`) },
    ...more,
  })
const post = (url: string, body: string, more: RequestInit = {}) => fetch(url, { method: 'POST', body, ...more })

/** Without saying how much will come. */
function stream(url: string, chunks: number, size: number): Promise<number | 'cut'> {
  return new Promise((done) => {
    const request = send(url, { method: 'POST' }, (response) => {
      response.resume()
      done(response.statusCode ?? 0)
    })
    request.on('error', () => done('cut'))
    let sent = 0
    const more = () => {
      if (sent++ < chunks) request.write(Buffer.alloc(size), () => setImmediate(more))
      else request.end()
    }
    more()
  })
}

test('a body comes whole to its path, and every other path is not there', async () => {
  await using web = await open()
  expect(await (await post(`${web.url}/echo`, 'x'.repeat(100_000))).text()).toBe('100000')
  for (const path of ['/', '/probot', '/probot/import', '/probot/setup', '/constructor', '/echo/x', '//echo'])
    expect((await fetch(`${web.url}${path}`)).status, path).toBe(404)
})

describe('a body that is too large', () => {
  const room = { one: 1000, all: 10_000 }
  test('is refused by what it says of itself, or as soon as it is', async () => {
    await using web = await open({ room })
    expect((await post(`${web.url}/echo`, 'x'.repeat(1000))).status).toBe(200)
    expect((await post(`${web.url}/echo`, 'x'.repeat(1001))).status).toBe(413)
    expect(await stream(`${web.url}/echo`, 1000, 1000)).not.toBe(200)
    expect(await (await post(`${web.url}/echo`, 'x')).text()).toBe('1')
  })

  test('so are many that together are', async () => {
    await using web = await open({ room: { one: 1000, all: 1500 } })
    // Bodies are held only while they are read: one that does not come whole keeps its room.
    const slow = send(`${web.url}/echo`, { method: 'POST', headers: { 'content-length': 1000 } })
    slow.on('error', () => {})
    slow.write('x'.repeat(999))
    await new Promise((done) => setTimeout(done, 100))
    expect((await post(`${web.url}/echo`, 'x'.repeat(900))).status).toBe(503)
    slow.destroy()
    await expect.poll(async () => (await post(`${web.url}/echo`, 'x'.repeat(900))).status).toBe(200)
  })
})

test('nothing of an error goes out', async () => {
  await using web = await open({ routes: { '/echo': () => Promise.reject(new Error('secret=abc')) } })
  const answer = await post(`${web.url}/echo`, 'x')
  expect([answer.status, await answer.text()]).toEqual([500, 'internal error\n'])
  expect(logged.join('\n')).toContain('secret=abc')
})

test('is healthy, and ready while the store is', async () => {
  let broken = true
  await using web = await open({
    ready: () => (broken ? Promise.reject(new Error('no route to database at 10.0.0.1')) : Promise.resolve()),
  })
  expect((await fetch(`${web.url}/healthz`)).status).toBe(200)
  const unready = await fetch(`${web.url}/readyz`)
  expect([unready.status, await unready.text()]).toEqual([503, 'not ready\n'])
  broken = false
  expect((await fetch(`${web.url}/readyz`)).status).toBe(200)
})

test('drains: what is under way is answered, nothing new is taken', async () => {
  let release = () => {}
  let entered = () => {}
  const isIn = new Promise<void>((done) => {
    entered = done
  })
  const held = new Promise<void>((done) => {
    release = done
  })
  const web = await open({
    routes: {
      '/slow': async (_request, response) => {
        entered()
        await held
        response.end('done')
      },
    },
  })
  const slow = post(`${web.url}/slow`, 'x')
  await isIn
  let drained = false
  const draining = web.drain().then(() => {
    drained = true
  })
  await expect(fetch(`${web.url}/echo`)).rejects.toThrow()
  expect(drained).toBe(false)
  release()
  expect(await (await slow).text()).toBe('done')
  await draining
})
