import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conclude } from '../../../app/jobs/conclude.ts'
import { ingest } from '../../../app/jobs/ingest.ts'
import { openLog } from '../../../app/log.ts'
import type { Evaluation } from '../../../app/store/evaluations.ts'
import { openClients } from '../../../app/web/clients.ts'
import { openGitHubApp } from '../../../app/web/github-app.ts'
import { keepDelivery } from '../../../app/web/ingest.ts'
import { openServer } from '../../../app/web/server.ts'
import type { WebWorld } from '../../../app/web/world.ts'
import { folderBlobs, loadGitHub, packPlan } from '../../../runner/adapters/preset.ts'
import { fakePlan, type PlanShape } from '../../fakes/plans.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'
import { claimed, someBlob, workerFor } from '../../support/asked.ts'
import { type Hub, openHub } from '../../support/github/hub.ts'
import { openFresh } from '../../support/stores.ts'
import { there } from '../../support/there.ts'

const secret = '0f9d2c6b8a7e41d3b5c8e2f7a1946d30'
const webhookPath = '/api/github/webhooks'
const log = openLog({ level: process.env.PROCTOR_TEST_LOG || 'silent', process: 'web' })

export type Office = Awaited<ReturnType<typeof openOffice>>

/** GitHub, the web process without its queues, and the store behind it: what was delivered is carried out when a test says so. */
export async function openOffice() {
  await using opening = new AsyncDisposableStack()
  const hub = opening.use(
    await openHub({
      users: ['octocat', 'member', 'stranger', 'boss'],
      orgs: { acme: { octocat: 'admin', member: 'member' }, rival: { boss: 'admin' } },
    }),
  )
  const { store, query } = opening.use(await openFresh('embedded'))
  const folder = opening.adopt(await mkdtemp(join(tmpdir(), 'proctor-office-')), (path) => rm(path, { recursive: true, force: true }))
  const settings = { appId: hub.app.id, privateKey: hub.app.key, webhookSecret: secret, apiUrl: hub.apiUrl, webhookPath }
  const app = await openGitHubApp({ settings, take: (delivery) => keepDelivery(delivery, { store, log }), log })
  const web = opening.use(
    await openServer({ host: '127.0.0.1', port: 0, ready: async () => {}, log: () => {}, routes: { [webhookPath]: app.webhooks } }),
  )
  /** GitHub tells us from now on, or whoever is at that address. */
  const listen = (url = `${web.url}${webhookPath}`) => hub.webhook(url, secret)
  listen()
  const loaded = await loadGitHub()
  const door: WebWorld['door'] = { ...loaded, openGitHub: (given) => loaded.openGitHub({ ...given, secondMs: 1 }) }
  const world: WebWorld = {
    store: { ...store, [Symbol.asyncDispose]: async () => {} },
    blobs: folderBlobs(folder),
    app,
    clients: openClients({
      ...{ app, door, apiUrl: hub.apiUrl, version: '0.0.0', log: () => {} },
      given: async (installation) => (await store.installations.find(installation))?.permissions ?? undefined,
    }),
    door,
    serverUrl: hub.serverUrl,
    version: '0.0.0',
    log,
    signal: new AbortController().signal,
  }

  /** Carries out what was delivered and has not been, of one event or all. Gives the notes of it. */
  async function carryOut(event?: string, within: Partial<WebWorld> = {}): Promise<readonly string[]> {
    const open = await query<{ id: string }>(
      `SELECT id FROM proctor.deliveries WHERE state = 'received' AND event = coalesce($1, event) ORDER BY received_at, id`,
      [event ?? null],
    )
    const ids = open.map(({ id }) => id)
    for (const id of ids) await ingest(id, { ...world, ...within })
    const notes = await query<{ note: string }>('SELECT note FROM proctor.deliveries WHERE id = ANY($1::text[])', [ids])
    return notes.map(({ note }) => note).filter((note) => note !== 'a comment of a bot')
  }
  async function settle(within: Partial<WebWorld> = {}): Promise<readonly string[]> {
    await hub.delivered()
    return carryOut(undefined, within)
  }

  const moved = opening.move()
  return {
    hub,
    store,
    query,
    world,
    settle,
    carryOut,
    listen,
    ...openPlaces({ hub, settle }),
    finish: finisher(world),
    /** Of a pull request, the newest first. */
    async evaluationsOf({ name, number }: { readonly name: string; readonly number: number }) {
      const [owner = '', short = ''] = name.split('/')
      const repo = there(await store.installations.repoNamed(owner, short))
      return store.evaluations.withKey(repo.id, `pull:${number}`)
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

type Opened = {
  readonly hub: Hub
  readonly settle: (within?: Partial<WebWorld>) => Promise<readonly string[]>
}

type HubRepository = Awaited<ReturnType<Hub['repository']>>
type Change = {
  readonly repo: HubRepository
  readonly home: HubRepository
  readonly by: string
  readonly from: string
  readonly branch: string
}
type Wanted = { readonly by?: string; readonly from?: string; readonly branch?: string; readonly config?: string }

function openPlaces({ hub, settle }: Opened) {
  const get = async (path: string) => {
    const answer = await fetch(`${hub.apiUrl}${path}`, { headers: { authorization: `Bearer ${hub.userToken('octocat')}` } })
    return (await answer.json()) as readonly { readonly content: string; readonly user: { readonly login: string } }[] // of GitHub's shape
  }
  async function change({ repo, home, by, from, branch }: Change) {
    home.branch(branch)
    await home.commit({ 'README.md': `${branch}\n` })
    await home.push(branch)
    const { number, headSha } = await repo.open({ head: from === by ? branch : `${from}:${branch}` }, from)
    await settle()
    return {
      repo,
      name: repo.name,
      number,
      head: headSha,
      /** Another commit on the head's branch, told to nobody before `settle`. */
      async push() {
        home.branch(branch)
        const sha = await home.commit({ 'README.md': `${Math.random()}\n` })
        await home.push(branch)
        return sha
      },
    }
  }

  return {
    /** A repository with a pull request of the organisation's own, whose evaluation was asked for. */
    async pull(name: string, { by = 'octocat', branch = 'topic', config = 'comment: changes\n', ...more }: Wanted = {}) {
      const from = more.from ?? by
      const repo = await hub.repository(name)
      await repo.commit({ 'README.md': 'x\n', '.github/proctor.yml': config })
      repo.git('branch', '-M', 'main')
      await repo.push()
      const home = from === by ? repo : await hub.repository(`${from}/${name.split('/')[1]}`, { forkOf: name })
      if (home !== repo) home.git('pull', '--quiet', repo.bare, 'main')
      return change({ repo, home, by, from, branch })
    },
    /** Another one in the same repository. */
    anotherPull({ repo }: { readonly repo: HubRepository }) {
      repo.branch('main')
      return change({ repo, home: repo, by: 'octocat', from: 'octocat', branch: 'another' })
    },
    async issue(name: string) {
      const answer = await fetch(`${hub.apiUrl}/repos/${name}/issues`, {
        method: 'POST',
        headers: { authorization: `Bearer ${hub.userToken('octocat')}`, 'content-type': 'application/json' },
        body: JSON.stringify({ title: 'an issue' }),
      })
      const { number } = (await answer.json()) as { readonly number: number } // of GitHub's shape
      return { name, number }
    },
    /** Somebody says something, and all of it is carried out. */
    async say(
      login: string,
      { name, number }: { readonly name: string; readonly number: number },
      body: string,
      within: Partial<WebWorld> = {},
    ) {
      const { id } = await hub.asUser(login).createComment(name, number, body)
      const notes = await settle(within)
      const reactions = await get(`/repos/${name}/issues/comments/${id}/reactions`)
      const all = await hub.comments(name, number)
      const ours = all.filter(({ user }) => (user as { login: string }).login === 'proctor[bot]') // of GitHub's shape
      const replies = ours.map((comment) => String(comment.body)).filter((text) => text.startsWith(`<!-- proctor:reply to=${id} -->`))
      return {
        id: Number(id),
        notes,
        reactions: reactions.filter(({ user }) => user.login === 'proctor[bot]').map(({ content }) => content),
        replies: replies.map((text) => text.slice(text.indexOf('\n') + 1)),
        /** All that we ever said there. */
        ours: ours.length,
      }
    },
  }
}

/** Brings an evaluation to its end, with results as a worker would have kept them: `stories` are of its samples on the head; the base passes all. */
function finisher(world: WebWorld) {
  const { store, blobs } = world
  return async (
    { id, organisation }: Pick<Evaluation, 'id' | 'organisation'>,
    { stories = ['pass', 'tests-fail', 'pass'], ...shape }: PlanShape & { readonly stories?: readonly Story[] } = {},
  ) => {
    const plan = fakePlan({ samples: stories.length, name: id, base: true, ...shape })
    const runs = plan.batches.flatMap((batch) => batch.runs)
    await store.evaluations.fetched({ id, head: someBlob, base: someBlob })
    const worker = await workerFor(store, organisation)
    const blob = await blobs.put(ReadableStream.from([...packPlan(plan)].map((text) => Buffer.from(text))), 'plan.json')
    const batches = plan.batches.map(({ eval: title, agent, gate, runs: all }) => ({
      ...{ eval: title, agent, gate, proposed: false },
      samples: [...new Set(all.map(({ sample }) => sample.id))].map((sample) => ({ id: sample })),
    }))
    if (!(await store.chunks.planned(await claimed(store, worker), { id: plan.id, blob, batches, chunks: 1 })))
      throw new Error('not planned')
    const claim = await claimed(store, worker)
    for (const run of runs) {
      const at = plan.batches[0]?.runs.filter(({ side }) => side === 'head').findIndex(({ sample }) => sample.id === run.sample.id) ?? 0
      await store.results.keep(claim, await fakeResult(run, blobs, run.side === 'base' ? 'pass' : (stories[at] ?? 'pass')))
    }
    if (!(await store.chunks.finish(claim))) throw new Error('not finished')
    await conclude(id, world)
    const run = (sample: string) => there(runs.find((one) => one.side === 'head' && one.sample.id === sample)).id
    return { plan, run }
  }
}
