import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askAbout } from '../../../app/intents/membership.ts'
import { ingest } from '../../../app/jobs/ingest.ts'
import { poll } from '../../../app/jobs/poll.ts'
import { reconcile } from '../../../app/jobs/reconcile.ts'
import { faults, first } from '../../support/github/faults.ts'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from '../comments/office.ts'

type Row = {
  readonly id: string
  readonly event: string
  readonly action: string | null
  readonly state: string
  readonly note: string | null
}
let office: Office
beforeAll(async () => {
  office = await openOffice()
}, 60_000)
afterAll(() => office?.[Symbol.asyncDispose]())

const deliveries = (event: string, action: string | null = null) =>
  office.query<Row>(
    `SELECT id, event, action, state, note FROM proctor.deliveries WHERE event = $1 AND action IS NOT DISTINCT FROM $2 ORDER BY received_at DESC, id`,
    [event, action],
  )
const newest = async (event: string, action?: string) => there((await deliveries(event, action))[0])
const again = (id: string) => office.query(`UPDATE proctor.deliveries SET state = 'received' WHERE id = $1`, [id])
const repoOf = async (name: string) => there(await office.store.installations.repoNamed(...(name.split('/') as [string, string])))
const live = async (name: string) => {
  const { id } = await repoOf(name)
  return (await office.store.evaluations.live()).filter(({ repoId, kind }) => repoId === id && kind === 'pull_request')
}

describe('a pull request that was closed', () => {
  test.each(['opened', 'labeled'])('is not evaluated when its %s comes late', async (action) => {
    const at = await office.pull(`acme/closed-${action}`)
    await office.settle()
    if (action === 'labeled') {
      await office.hub.asUser('octocat').label(at.name, at.number, 'go')
      await office.settle()
    }
    const { id } = await newest('pull_request', action)
    await office.hub.asUser('octocat').close(at.name, at.number)
    await office.settle()
    expect(await live(at.name)).toEqual([])
    await again(id)
    expect(await office.carryOut()).toEqual(['the pull request was closed'])
    expect(await live(at.name)).toEqual([])
  })

  test('ends what was made of it while that was being made', async () => {
    const repo = await office.hub.repository('acme/parallel')
    await repo.commit({ 'README.md': 'x\n' })
    repo.git('branch', '-M', 'main')
    await repo.push()
    repo.branch('topic')
    await repo.commit({ 'README.md': 'y\n' })
    await repo.push()
    await office.settle()
    const { number } = await repo.open({ head: 'topic' })
    await office.hub.delivered()
    // It is closed, and that is worked on, while its opening is being looked at.
    const { door } = office.world
    const mergeBase: typeof door.mergeBase = async (...given) => {
      const found = await door.mergeBase(...given)
      await office.hub.asUser('octocat').close('acme/parallel', number)
      await office.hub.delivered()
      await ingest((await newest('pull_request', 'closed')).id, office.world)
      return found
    }
    const notes = await office.carryOut('pull_request', { door: { ...door, mergeBase } })
    expect(notes).toEqual([expect.stringMatching(/^evaluation .*: the pull request was closed$/)])
    expect(await live('acme/parallel')).toEqual([])
  })

  test('is evaluated when it was opened again before its closing came', async () => {
    const at = await office.pull('acme/reopened')
    await office.hub.asUser('octocat').close(at.name, at.number)
    await office.hub.delivered()
    await office.hub.asUser('octocat').reopen(at.name, at.number)
    await office.hub.delivered()
    await ingest((await newest('pull_request', 'reopened')).id, office.world)
    await ingest((await newest('pull_request', 'closed')).id, office.world)
    expect((await newest('pull_request', 'closed')).note).toBe('the pull request is open again')
    expect(await live(at.name)).toHaveLength(1)
  })
})

describe('what is gone', () => {
  test('is not brought back by a delivery that comes late', async () => {
    const at = await office.pull('rival/gone', { by: 'boss' })
    await office.settle()
    office.hub.install('rival', 'boss')
    await office.settle()
    const [push] = await deliveries('push')
    const installed = await newest('installation', 'created')
    expect(await live(at.name)).not.toEqual([])
    office.hub.uninstall('rival', 'boss')
    await office.settle()
    for (const { id } of [there(push), installed]) {
      await again(id)
      await office.carryOut()
    }
    expect(await office.store.deliveries.find(there(push).id)).toMatchObject({
      state: 'failed',
      note: 'the App is not installed there any more',
    })
    const { installationId } = await placeOf('gone')
    expect(await office.store.installations.find(installationId)).toMatchObject({ removedAt: expect.any(Date) })
    expect((await office.store.evaluations.live()).filter((one) => one.installationId === installationId)).toEqual([])

    // Its delivery is lost.
    office.listen('http://127.0.0.1:9/nobody')
    office.hub.install('rival', 'boss')
    await office.hub.delivered()
    office.listen()
    await poll(office.world)
    expect(await office.store.installations.find(installationId)).toMatchObject({ removedAt: null })
    expect(await repoOf('rival/gone')).toMatchObject({ removedAt: null })
  })

  const placeOf = async (name: string) => {
    const [row] = await office.query<{ installation_id: number }>('SELECT installation_id FROM proctor.repos WHERE name = $1', [name])
    return { installationId: Number(there(row).installation_id) }
  }

  test('is an account whose login another one has now: what belongs to it is not the new one’s', async () => {
    const at = await office.pull('acme/owned')
    const { installationId } = await placeOf('owned')
    const { app } = office.world
    const there = async (id: number) =>
      ({ ...(await app.installation(id)), accountId: 4711 }) as Awaited<ReturnType<typeof app.installation>>
    const ownerOf = async () => await office.query<{ account_id: number; login: string }>(`SELECT * FROM proctor.accounts ORDER BY login`)
    const before = await ownerOf()
    const { accountId } = (await office.store.installations.find(installationId)) ?? { accountId: 0 }
    expect(before).toContainEqual({ account_id: accountId, login: 'acme' })
    expect(await live(at.name)).toHaveLength(1)
    await askAbout(installationId, { ...office.world, app: { ...app, installation: there } })
    expect(await ownerOf()).toEqual(
      expect.arrayContaining([
        { account_id: accountId, login: `#${accountId}` },
        { account_id: 4711, login: 'acme' },
      ]),
    )
    expect(await live(at.name)).toEqual([])
    await askAbout(installationId, office.world)
    expect(await ownerOf()).toContainEqual({ account_id: accountId, login: 'acme' })
  })

  test('of an installation that was suspended nothing is worked on until GitHub says otherwise', async () => {
    await office.pull('acme/asleep')
    await office.settle()
    const repo = await repoOf('acme/asleep')
    const installation = there(await office.store.installations.find(repo.installationId))
    await office.store.installations.save({ ...installation, isSuspended: true, permissions: installation.permissions ?? {} })
    const { id } = await newest('push')
    await again(id)
    await office.carryOut()
    // It was resumed meanwhile, and its delivery is lost.
    expect(await office.store.deliveries.find(id)).toMatchObject({ state: 'handled' })
    expect(await office.store.installations.find(repo.installationId)).toMatchObject({ suspendedAt: null })
  })
})

describe('a delivery that GitHub refuses', () => {
  test('is tried some times, is told of at the commit, ends as failed, and is no business of the reconciler', async () => {
    const repo = await office.hub.repository('acme/refused')
    await repo.commit({ 'README.md': 'x\n' })
    repo.git('branch', '-M', 'main')
    const { after } = await repo.push()
    await office.hub.delivered()
    const over = office.hub.fault(first(99, ({ path }) => path.startsWith('/repos/acme/refused/contents'), faults.forbidden))
    const { id } = await newest('push')
    await expect(ingest(id, office.world, { attempt: 1 })).rejects.toMatchObject({ code: 'github_refused' })
    expect(await office.store.deliveries.find(id)).toMatchObject({ state: 'received', note: expect.stringContaining('403') })
    await ingest(id, office.world, { attempt: 6 })
    over()
    expect(await office.store.deliveries.find(id)).toMatchObject({ state: 'failed', note: expect.stringContaining('403') })
    const [run] = await office.hub.checkRuns('acme/refused', after)
    expect(run).toMatchObject({
      name: 'proctor',
      status: 'completed',
      conclusion: 'action_required',
      output: { summary: expect.stringContaining('403') },
    })
    await reconcile(office.world, { now: Date.now() + 3_600_000 })
    expect(await jobsOf(id)).toBe(1)
  })

  test.each([
    ['badGateway', faults.badGateway],
    ['a limit', faults.tooMany(9999)],
    ['a token that is not taken', faults.unauthorized],
  ])('is tried for as long as it may be when that passes: %s', async (name, fault) => {
    const repo = await office.hub.repository(`acme/passing-${name.replaceAll(' ', '-')}`)
    await repo.commit({ 'README.md': 'x\n' })
    repo.git('branch', '-M', 'main')
    await repo.push()
    await office.hub.delivered()
    const over = office.hub.fault(first(99, ({ path }) => path.includes('passing') && path.includes('contents'), fault))
    const { id } = await newest('push')
    await expect(ingest(id, office.world, { attempt: 400 })).rejects.toThrow()
    over()
    expect(await office.store.deliveries.find(id)).toMatchObject({ state: 'received' })
    await ingest(id, office.world, { attempt: 401 })
    expect(await office.store.deliveries.find(id)).toMatchObject({ state: 'handled' })
  })

  const jobsOf = async (id: string) =>
    (await office.query(`SELECT 1 FROM pgboss.job WHERE name = 'ingest' AND state < 'completed' AND data ->> 'delivery' = $1`, [id])).length

  test('has one job, however often somebody looks, and is given up after three days', async () => {
    const at = await office.pull('acme/one-job')
    await at.push()
    await office.hub.delivered()
    const { id } = await newest('push')
    for (let time = 0; time < 5; time++) await reconcile(office.world, { now: Date.now() + 3_600_000 })
    expect(await jobsOf(id)).toBe(1)
    await office.query(`UPDATE pgboss.job SET state = 'active' WHERE name = 'ingest' AND data ->> 'delivery' = $1`, [id])
    await reconcile(office.world, { now: Date.now() + 3_600_000 })
    expect(await jobsOf(id)).toBe(1)
    await office.store.deliveries.stumbled(id, 'GitHub answered 502')
    await reconcile(office.world, { now: Date.now() + 73 * 3_600_000 })
    expect(await office.store.deliveries.find(id)).toMatchObject({
      state: 'failed',
      note: 'tried for too long: GitHub answered 502',
    })
  })
})

test('a comment that two work on at once has one answer', async () => {
  const at = await office.pull('acme/both')
  const { id } = await office.hub.asUser('octocat').createComment(at.name, at.number, '/proctor help')
  await office.hub.delivered()
  const delivery = (await newest('issue_comment', 'created')).id
  await Promise.all([1, 2, 3].map(() => ingest(delivery, office.world)))
  const all = await office.hub.comments(at.name, at.number)
  expect(all.filter((comment) => String(comment.body).startsWith(`<!-- proctor:reply to=${id} -->`))).toHaveLength(1)
})
