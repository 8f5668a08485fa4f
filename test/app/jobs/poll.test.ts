import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { poll } from '../../../app/jobs/poll.ts'
import { faults, first } from '../../support/github/faults.ts'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from '../comments/office.ts'

let office: Office
beforeAll(async () => {
  office = await openOffice()
}, 60_000)
afterAll(() => office?.[Symbol.asyncDispose]())

const look = async () => {
  await poll(office.world)
  return office.settle()
}
/** A repository with a commit, which the App has been told of. */
async function repository(name: string) {
  const repo = await office.hub.repository(name)
  await repo.commit({ 'README.md': 'x\n' })
  repo.git('branch', '-M', 'main')
  await repo.push()
  await office.settle()
  return repo
}
const idOf = async (name: string) => there(await office.store.installations.repoNamed(...(name.split('/') as [string, string]))).id
const evaluated = async (name: string) => {
  const rows = await office.query<{ tag: string }>(`SELECT tag FROM proctor.evaluations WHERE kind = 'tag' AND repo_id = $1 ORDER BY tag`, [
    await idOf(name),
  ])
  return rows.map(({ tag }) => tag)
}

describe('tags that GitHub does not tell of', () => {
  /** As one push of many tags is: nobody is told. */
  async function pushTags(repo: Awaited<ReturnType<typeof repository>>, ...tags: readonly string[]) {
    office.hub.webhook('', '', [])
    for (const tag of tags) {
      await repo.commit({ 'README.md': `${tag}\n` })
      repo.git('push', '--quiet', repo.bare, `HEAD:refs/tags/${tag}`)
    }
    await repo.push()
    await office.hub.delivered()
    office.listen()
  }

  test('are found, all of them', async () => {
    const repo = await repository('acme/tagged')
    await pushTags(repo, 'v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0')
    await look()
    expect(await evaluated('acme/tagged')).toEqual(['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0'])
    await look()
    expect(await evaluated('acme/tagged')).toHaveLength(4)
  })

  test('are found the next time, when GitHub fails at one of them', async () => {
    const repo = await repository('acme/unlucky')
    await pushTags(repo, 'v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0')
    // As often as it is asked about the first one in one look.
    const isTag = ({ path }: { readonly path: string }) => path.includes('/acme/unlucky/commits/tags')
    const over = office.hub.fault(first(4, isTag, faults.badGateway))
    await look()
    over()
    const missing = 4 - (await evaluated('acme/unlucky')).length
    expect(missing).toBe(1)
    await look()
    expect(await evaluated('acme/unlucky')).toEqual(['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0'])
  })

  test('that are older than the installation are past, and those after it are not, before anything else is known of the repository', async () => {
    const repo = await office.hub.repository('rival/young')
    await repo.commit({ 'README.md': 'x\n' })
    repo.git('branch', '-M', 'main')
    await pushTags(repo, 'v0.1.0')
    office.hub.install('rival', 'boss')
    await office.settle()
    await pushTags(repo, 'v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0')
    await look()
    expect(await evaluated('rival/young')).toEqual(['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0'])
  })

  test('wait for the look that tells old from new, when GitHub failed at it', async () => {
    const repo = await office.hub.repository('acme/late')
    await repo.commit({ 'README.md': 'x\n' })
    repo.git('branch', '-M', 'main')
    await pushTags(repo, 'v0.1.0')
    const over = office.hub.fault(first(99, ({ path }) => path === '/repos/acme/late/tags', faults.badGateway))
    office.hub.install('acme')
    await expect(office.settle()).rejects.toThrow('502')
    over()
    expect(await office.settle()).toEqual([expect.stringContaining('installed at acme')])
    await pushTags(repo, 'v1.0.0')
    await look()
    expect(await evaluated('acme/late')).toEqual(['v1.0.0'])
  })
})

describe('deliveries that are not here', () => {
  const kept = async (guid: string) => (await office.store.deliveries.known([guid])).has(guid)
  const newest = () => there(office.hub.deliveries.at(-1))
  const hours = 3_600_000

  test('are asked for again, those of a night too, and once they are here no more', async () => {
    const repo = await repository('acme/nightly')
    office.listen('http://127.0.0.1:9/nobody')
    await repo.commit({ 'README.md': 'night\n' })
    await repo.push()
    await office.hub.delivered()
    const { guid } = newest()
    office.listen()
    Object.assign(newest(), { deliveredAt: new Date(Date.now() - 60 * hours).toISOString() })
    await office.query('DELETE FROM proctor.scans')
    expect(await kept(guid)).toBe(false)
    await look()
    expect(await kept(guid)).toBe(true)
    const before = office.hub.deliveries.length
    await look()
    expect(office.hub.deliveries.length).toBe(before)
  })

  test('are so whatever was answered, even that they are being worked on', async () => {
    const repo = await repository('acme/answered')
    for (const code of [202, 200]) {
      await repo.commit({ 'README.md': `${code}\n` })
      await repo.push()
      await office.hub.delivered()
      const { guid } = newest()
      // As it is after a crash, or with a database from before.
      await office.query('DELETE FROM proctor.deliveries WHERE id = $1', [guid])
      Object.assign(newest(), { code })
      await look()
      expect(await kept(guid)).toBe(true)
    }
  })

  test('are not asked for without end, and the next look begins where the last one ended', async () => {
    await repository('acme/twice')
    const last = newest()
    // The same body under another name: it is no new one, and will not be here.
    const twin = { ...last, id: last.id + 1, guid: '00000000-0000-4000-8000-000000000000' }
    ;(office.hub.deliveries as (typeof last)[]).push(twin)
    const asked = () => office.hub.requests.filter(({ route }) => route.includes('/attempts')).length
    const before = asked()
    for (let time = 0; time < 3; time++) await look()
    expect(asked()).toBe(before + 1)
    expect(await office.store.missed.scannedUntil()).toEqual(new Date(there(office.hub.deliveries.at(-1)).deliveredAt))
  })

  test('of which there are more than may be asked for at once come one look after the other', async () => {
    const listed = Array.from({ length: 5 }, (_, index) => ({
      id: `missed-${index}`,
      githubId: index,
      deliveredAt: new Date(Date.now() - index * hours),
      taken: false,
    }))
    await office.store.missed.found(listed)
    expect((await office.store.missed.due(2)).map(({ githubId }) => githubId)).toEqual([4, 3])
    for (const { id } of await office.store.missed.due(2)) await office.store.missed.asked(id)
    expect((await office.store.missed.due(9)).map(({ githubId }) => githubId)).toEqual([2, 1, 0])
    // A later attempt has another number.
    await office.store.missed.found([{ ...there(listed[2]), githubId: 77 }])
    expect((await office.store.missed.due(1))[0]).toEqual({ id: 'missed-2', githubId: 77 })
    await office.query('DELETE FROM proctor.missed_deliveries')
  })
})
