import type { Evaluation, NewEvaluation } from '../../../app/store/evaluations.ts'
import type { Repo } from '../../../app/store/github/installations.ts'
import { packPlan } from '../../../runner/adapters/preset.ts'
import { fakePlan, type PlanShape } from '../../fakes/plans.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'
import { asked, claimed, someBlob, workerFor } from '../../support/asked.ts'
import type { FaultOf } from '../../support/github/faults.ts'
import { faults } from '../../support/github/faults.ts'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from '../comments/office.ts'

export type Stage = Awaited<ReturnType<typeof openStage>>

/** An office with one repository, and evaluations of commits of it that stop wherever a test wants to look at them. */
export async function openStage() {
  const office = await openOffice()
  const { name, repo: at } = await office.pull('acme/agents')
  at.branch('main')
  const repo = there(await office.store.installations.repoNamed('acme', 'agents'))
  const { query, hub } = office
  return {
    ...office,
    name,
    repo,
    async asks(more: Partial<NewEvaluation> = {}): Promise<Evaluation> {
      const sha = await at.commit({ 'README.md': `${Math.random()}\n` })
      await at.push()
      const { evaluation } = await office.store.evaluations.create(askedAt(repo, { headSha: sha, ...more }))
      return evaluation
    },
    plans: (evaluation: Evaluation, shape: PlanShape = {}) => plan(office, evaluation, shape),
    /** Names of its check runs with what GitHub shows of each, of one name the newest. */
    async shown({ headSha }: Pick<Evaluation, 'headSha'>) {
      const newest = new Map((await hub.checkRuns(name, headSha)).map((run) => [String(run.name), run] as const))
      return Object.fromEntries([...newest].map(([title, { status, conclusion }]) => [title, conclusion ?? status]))
    },
    async aggregate({ headSha }: Pick<Evaluation, 'headSha'>) {
      const run = (await hub.checkRuns(name, headSha)).findLast((one) => one.name === 'proctor')
      return there(run) as { readonly id: number; readonly conclusion: string; readonly output: { title: string; summary: string } } // of GitHub's shape
    },
    /** Its jobs of that kind that wait. */
    jobs: async ({ id }: Pick<Evaluation, 'id'>, kind: string) =>
      (await query(`SELECT id FROM pgboss.job WHERE name = $1 AND state < 'completed' AND data ->> 'evaluation' = $2`, [kind, id])).length,
    /** As if they had been tried as often as they may be. */
    useUp: (kind: string) => query(`DELETE FROM pgboss.job WHERE name = $1`, [kind]),
    /** Whatever is tried again later is due now, and began so many days ago. */
    passTime: (days = 0) =>
      query(`UPDATE proctor.troubles SET not_before = now(), since = since - $1 * interval '1 day'`, [days]).then(() =>
        query(`UPDATE proctor.outbox SET not_before = now(), created_at = created_at - $1 * interval '1 day'`, [days]),
      ),
    writes: (at: number) => hub.requests.slice(at).filter(({ method, route }) => method !== 'GET' && route.includes('check-runs')),
  }
}

/** GitHub's checks do not work. */
export const checksAreDown: FaultOf = ({ route, method }) =>
  route.includes('check-runs') && method !== 'GET' ? faults.badGateway : undefined

const askedAt = ({ id, installationId, owner }: Repo, more: Partial<NewEvaluation>): NewEvaluation =>
  asked({ repoId: id, installationId, organisation: owner.toLowerCase(), ...more })

/** Its plan, as a worker made it; results come when the test says so. */
async function plan({ store, world: { blobs } }: Office, { id, organisation }: Evaluation, shape: PlanShape) {
  const made = fakePlan({ name: id, samples: 2, ...shape })
  await store.evaluations.fetched({ id, head: someBlob })
  const worker = await workerFor(store, organisation)
  const blob = await blobs.put(ReadableStream.from([...packPlan(made)].map((text) => Buffer.from(text))), 'plan.json')
  const batches = made.batches.map(({ eval: title, agent, gate, runs }) => ({
    ...{ eval: title, agent, gate, proposed: false },
    samples: [...new Set(runs.map(({ sample }) => sample.id))].map((sample) => ({ id: sample })),
  }))
  if (!(await store.chunks.planned(await claimed(store, worker), { id: made.id, blob, batches, chunks: 1 }))) throw new Error('not planned')
  const claim = await claimed(store, worker)
  const runs = made.batches.flatMap((batch) => batch.runs)
  return {
    /** The next so many results, of one run of each eval after the other. */
    async come(count: number, story: Story = 'pass') {
      const next = runs.splice(0, count)
      for (const run of next) await store.results.keep(claim, await fakeResult(run, blobs, story))
    },
    async ends() {
      for (const run of runs.splice(0)) await store.results.keep(claim, await fakeResult(run, blobs, 'pass'))
      if (!(await store.chunks.finish(claim))) throw new Error('not finished')
    },
  }
}
