import { setTimeout as wait } from 'node:timers/promises'
import type { Claim } from '../../../app/store/claims.ts'
import { openStore, type StoreOptions } from '../../../app/store/open.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan } from '../../fakes/plans.ts'
import { fakeResult } from '../../fakes/results.ts'
import { asked, someBlob, somePlan } from '../../support/asked.ts'

/**
 * Web and worker in one process, with nothing behind them: takes in deliveries, and brings each to its verdict. It says when it has begun
 * and when there is nothing left to do; until then somebody may kill it at any moment, and start it again.
 */
const { deliveries, ...options } = JSON.parse(String(process.argv[2])) as StoreOptions & { readonly deliveries: number }
const chunks = 3
const runs = fakePlan({ samples: 6 }).batches[0]?.runs ?? []
const store = await openStore({ ...options, onError: () => {} })
const worker = await store.workers.register({ name: 'box', publicKey: 'key' })

await store.queue.work('ingest', { atOnce: 2 }, async ({ data: { delivery } }) => {
  const organisation = `org-${delivery.length % 3}`
  await store.evaluations.create(asked({ repoId: 1, dedupe: delivery, headSha: delivery, organisation }))
  await store.deliveries.end(delivery, 'handled')
})
await store.queue.work('fetch', { atOnce: 2 }, async ({ data }) => {
  await store.evaluations.fetched({ id: data.evaluation, head: someBlob })
})
await store.queue.work('lost', {}, async ({ data: { evaluation, index } }) => {
  const error = { code: 'sandbox_lost', message: 'tried too often' } as const
  await store.chunks.lost({ evaluation, error, ...(index !== undefined && { index }) })
})
await store.queue.work('conclude', { atOnce: 2 }, async ({ data: { evaluation } }) => {
  const letters = [{ kind: 'checks' as const, key: `checks:${evaluation}`, payload: await store.results.counts(evaluation) }]
  await store.verdicts.conclude({ evaluation, revision: 1, conclusion: 'success', state: 'done', batches: [], letters })
})
await store.queue.work('publish', { atOnce: 2 }, async ({ data }) => {
  for (const letter of await store.outbox.due(data.evaluation)) await store.outbox.done(letter.id)
})

console.log('begun')
for (let number = 0; number < deliveries; number++) {
  const id = `delivery-${number}`
  await again(() => store.deliveries.receive({ id, event: 'push', bodyDigest: id, body: { number } }))
}
const working = Array.from({ length: 3 }, async () => {
  for (;;) {
    const claim = await again(() => store.claims.next({ worker, waitMs: 1000 }))
    if (claim) await work(claim).catch(() => {})
  }
})
void Promise.all(working)
for (;;) {
  const left = await again(async () => [
    ...(await store.deliveries.open(new Date())),
    ...(await store.evaluations.live()),
    ...(await store.outbox.due()),
  ])
  if (left.length === 0) break
  await wait(200)
}
console.log('nothing left')
setInterval(() => {}, 60_000)

/** The database may be away for a while. */
async function again<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch {
      await wait(100)
    }
  }
}

async function work(claim: Claim): Promise<void> {
  if (claim.kind === 'plan') {
    const gate = { minPassRate: 1, noRegressions: false }
    const samples = runs.map(({ sample }) => ({ id: sample.id }))
    const batches = [{ eval: 'parser', agent: 'fixer', proposed: false, gate, samples }]
    await store.chunks.planned(claim, { id: somePlan, blob: someBlob, batches, chunks })
    return
  }
  const kept = new Set((await store.results.of(claim.evaluation)).map(({ run }) => run))
  for (const run of runs.filter((_, index) => index % chunks === claim.shard?.index)) {
    if (kept.has(run.id)) continue
    await wait(20)
    if (!(await store.results.keep(claim, await fakeResult(run, memoryBlobs())))) return
  }
  await store.chunks.finish(claim)
}
