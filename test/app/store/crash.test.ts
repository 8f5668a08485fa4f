import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { StoreOptions } from '../../../app/store/open.ts'
import { ownCluster } from '../../support/postgres.ts'
import { freshPlace, openAt } from '../../support/stores.ts'

const isFull = process.env.PROCTOR_TEST_FULL === '1'
const runsOfEach = 6

type Process = { readonly said: (line: string) => Promise<void>; kill(): Promise<void> }

/** One that ends by itself, for the database went away while it began, is started again, as a service is. */
function start(options: StoreOptions & { readonly deliveries: number }): Process {
  const lines = new Set<string>()
  let isWanted = true
  let child = live()

  function live() {
    const born = spawn(process.execPath, [join(import.meta.dirname, 'lives-and-dies.ts'), JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    createInterface({ input: born.stdout }).on('line', (line) => lines.add(line))
    born.once('exit', () => {
      if (isWanted) child = live()
    })
    return born
  }
  return {
    said: async (line) => {
      while (!lines.has(line)) await wait(20)
    },
    async kill() {
      isWanted = false
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Whatever happened: nothing is lost, nothing is double. */
async function verify(options: StoreOptions, deliveries: number) {
  await using opened = await openAt({ options, [Symbol.asyncDispose]: async () => {} })
  const { query } = opened
  expect(await query('SELECT state, count(*) AS n FROM proctor.deliveries GROUP BY state')).toEqual([{ state: 'handled', n: deliveries }])
  expect(await query('SELECT state, count(*) AS n FROM proctor.evaluations GROUP BY state')).toEqual([{ state: 'done', n: deliveries }])
  expect(await query('SELECT count(DISTINCT dedupe) AS n FROM proctor.evaluations')).toEqual([{ n: deliveries }])
  expect(await query('SELECT count(*) AS n FROM proctor.verdicts')).toEqual([{ n: deliveries }])
  expect(await query('SELECT state, count(*) AS n FROM proctor.outbox GROUP BY state')).toEqual([{ state: 'done', n: deliveries }])
  // What the last letter counted was all: nobody concluded before the last chunk had ended.
  expect(await query(`SELECT payload ->> 'pass' AS pass, count(*) AS n FROM proctor.outbox GROUP BY 1`)).toEqual([
    { pass: String(runsOfEach), n: deliveries },
  ])
  expect(await query('SELECT evaluation_id FROM proctor.results GROUP BY evaluation_id HAVING count(*) <> $1', [runsOfEach])).toEqual([])
  expect(await query(`SELECT * FROM proctor.chunks WHERE state <> 'done'`)).toEqual([])
  const left = await query(`SELECT name, state FROM pgboss.job WHERE state < 'completed' AND name NOT LIKE '\\_\\_%' AND name <> 'publish'`)
  expect(left).toEqual([])
}

/** The same moments in every run of this test. */
function momentsOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return 100 + (state % 2500)
  }
}

describe('killed at any moment, nothing is lost and nothing is double', () => {
  test('the process with the embedded database', async () => {
    await using place = await freshPlace('embedded')
    const options = { ...place.options, deliveries: isFull ? 60 : 15 }
    const moment = momentsOf(7)
    for (let kills = 0; kills < (isFull ? 15 : 3); kills++) {
      const one = start(options)
      await one.said('begun')
      await wait(moment())
      await one.kill()
    }
    const last = start(options)
    await last.said('nothing left')
    await last.kill()
    await verify(place.options, options.deliveries)
  }, 600_000)

  test('processes on a server, and the server itself', async () => {
    await using cluster = await ownCluster()
    const options = { folder: '/nowhere', databaseUrl: cluster.url('postgres'), heartbeatSeconds: 10, deliveries: isFull ? 100 : 30 }
    const moment = momentsOf(11)
    const processes = [start(options), start(options)]
    for (const one of processes) await one.said('begun')
    for (let kills = 0; kills < (isFull ? 24 : 8); kills++) {
      await wait(moment())
      if (kills % 4 === 3) {
        await cluster.kill()
        await cluster.start()
        continue
      }
      await processes[kills % 2]?.kill()
      processes[kills % 2] = start(options)
    }
    await Promise.all(processes.map((one) => one.said('nothing left')))
    for (const one of processes) await one.kill()
    await verify(options, options.deliveries)
  }, 600_000)
})
