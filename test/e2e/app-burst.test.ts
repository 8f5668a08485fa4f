import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openProcesses } from '../support/app-processes.ts'
import { deliver, type Letter } from '../support/deliver.ts'
import { openHub } from '../support/github/hub.ts'
import { freshDatabase } from '../support/postgres.ts'

const many = { all: 500, again: 50, forged: 25 }
const megabytes = 2 ** 20

/** Of GitHub's usual size, each another; of an event that leads to nothing, so that it is the taking that is measured. */
const letter = (at: number): Letter => ({
  event: 'create',
  id: randomUUID(),
  body: { ref: `branch-${at}`, ref_type: 'branch', padding: createHash('sha256').update(String(at)).digest('hex').repeat(120) },
})
const percentile = (times: readonly number[], part: number) => times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * part)] ?? 0

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly said: T }> {
  const began = performance.now()
  const said = await work()
  return { ms: performance.now() - began, said }
}

/** What this machine can answer at all at this moment: reads a body, and says yes. */
async function echo() {
  const server = createServer((request, response) => void request.resume().on('end', () => response.end('ok')))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo // listening on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

const resident = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024

describe.each(['server', 'embedded'] as const)('500 deliveries at once, on the %s database', (database) => {
  test('each is kept once, what is forged is refused, and memory stays', { timeout: 300_000 }, async () => {
    await using closing = new AsyncDisposableStack()
    const hub = closing.use(await openHub())
    const databaseUrl = database === 'server' ? closing.use(await freshDatabase()).url : undefined
    const { web, url } = closing.use(await openProcesses({ hub, databaseUrl, workers: 0 }))
    await expect
      .poll(
        () =>
          fetch(`${url}/readyz`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 90_000 },
      )
      .toBe(200)
    for (let at = 0; at < 20; at++) await deliver(url, letter(-1 - at))
    const [before, pid] = [resident(web.pid ?? 0), web.pid ?? 0]

    const fresh = Array.from({ length: many.all - many.again - many.forged }, (_, at) => letter(at))
    const again = fresh.slice(0, many.again).map((one, at) => (at % 2 === 0 ? one : { ...one, id: randomUUID() }))
    const forged = Array.from({ length: many.forged }, (_, at) => ({ ...letter(10_000 + at), secret: 'not the secret of this App at all' }))
    const sent = [...fresh, ...again, ...forged].toSorted((a, b) => String(a.id).localeCompare(String(b.id)))
    await using plain = await echo()
    const usual = (await Promise.all(sent.map((one) => timed(() => deliver(plain.url, one))))).map(({ ms }) => ms)
    const answers = await Promise.all(sent.map(async (one) => ({ one, ...(await timed(() => deliver(url, one))) })))
    const peak = resident(pid)

    const isForged = new Set<Letter>(forged)
    const refused = answers.filter(({ said }) => said.status >= 400)
    expect(refused.map(({ one }) => isForged.has(one))).toEqual(forged.map(() => true))
    const kept = () => web.lines.filter((line) => line.includes('"kept":"new"')).length
    await expect.poll(kept, { timeout: 30_000 }).toBe(fresh.length + 20)
    const twice = () => web.lines.filter((line) => line.includes('"kept":"duplicate"')).length
    await expect.poll(twice, { timeout: 10_000 }).toBe(again.length)
    const done = () => web.lines.filter((line) => line.includes('"kind":"ignore"')).length
    await expect.poll(done, { timeout: 120_000, interval: 500 }).toBe(fresh.length + 20)
    await wait(500)
    expect(done(), 'none is carried out twice').toBe(fresh.length + 20)

    const times = answers.map(({ ms }) => ms)
    const [p50, p99, plain99] = [
      Math.round(percentile(times, 0.5)),
      Math.round(percentile(times, 0.99)),
      Math.round(percentile(usual, 0.99)),
    ]
    console.log(
      `${database}: p50 ${p50} ms, p99 ${p99} ms (a bare server: ${plain99} ms), RSS ${Math.round(before / megabytes)} -> ${Math.round(peak / megabytes)} MB`,
    )
    // A second, unless this machine cannot read as many bodies in a third of that.
    expect(p99).toBeLessThan(Math.max(1000, 3 * plain99))
    expect(peak - before).toBeLessThan(400 * megabytes)
  })
})
