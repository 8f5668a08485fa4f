import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Nouns } from '../../../../app/store/open.ts'
import { asked, freshId } from '../../../support/asked.ts'
import { engines, type Opened, openFresh } from '../../../support/stores.ts'

describe.each(engines)('whose a login is, in %s', (engine) => {
  let opened: Opened
  let store: Nouns
  beforeAll(async () => {
    opened = await openFresh(engine, { masterKey: 'a passphrase of this test alone' })
    store = opened.store
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  /** An account with an installation, a credential, a worker login that is for it, and an evaluation that goes on. */
  async function account(login: string) {
    const id = freshId()
    const installation = { id: freshId(), account: login, accountId: id, accountType: 'Organization' }
    expect(await store.accounts.seen({ id, login })).toEqual([])
    await store.installations.save(installation)
    await store.credentials.set({ organisation: login, name: 'TOKEN', value: `of ${id}`, by: 'octocat' })
    const organisations = [login.toLowerCase(), 'another']
    await opened.query('INSERT INTO proctor.worker_logins (login, organisations) VALUES ($1, $2)', [`worker_${id}`, organisations])
    const worker = await store.workers.register({ name: 'x', organisations, publicKey: 'x' })
    const { evaluation } = await store.evaluations.create(
      asked({ organisation: login.toLowerCase(), installationId: installation.id, repoId: freshId() }),
    )
    const worksFor = async () => [
      (
        await opened.query<{ organisations: string[] }>('SELECT organisations FROM proctor.worker_logins WHERE login = $1', [
          `worker_${id}`,
        ])
      )[0]?.organisations[0],
      (await store.workers.find(worker))?.organisations?.[0],
    ]
    return { id, evaluation, worksFor }
  }
  const tokenOf = async (login: string) => (await store.credentials.open(login, ['TOKEN'])).get('TOKEN')

  test('an account that is renamed takes along what it has, and what goes on under its old name ends', async () => {
    const { id, evaluation, worksFor } = await account('First')
    expect(await store.accounts.seen({ id, login: 'First' })).toEqual([])
    const moved = [{ account: id, from: 'first', to: 'first-renamed', parked: false }]
    expect(await store.accounts.seen({ id, login: 'First-Renamed' })).toEqual(moved)
    expect(await tokenOf('first-renamed')).toBe(`of ${id}`)
    expect(await tokenOf('first')).toBeUndefined()
    expect(await worksFor()).toEqual(['first-renamed', 'first-renamed'])
    expect(await store.evaluations.find(evaluation.id)).toMatchObject({ state: 'cancelled', organisation: 'first-renamed' })
  })

  test('whoever takes a login that became free gets nothing of its former owner, who finds it again under another', async () => {
    const { id, evaluation, worksFor } = await account('second')
    const stranger = freshId()
    expect(await store.accounts.seen({ id: stranger, login: 'Second' })).toEqual([
      { account: id, from: 'second', to: `#${id}`, parked: true },
    ])
    expect(await tokenOf('second')).toBeUndefined()
    expect(await worksFor()).toEqual([`#${id}`, `#${id}`])
    expect(await store.evaluations.find(evaluation.id)).toMatchObject({ state: 'cancelled', organisation: `#${id}` })
    await store.credentials.set({ organisation: 'second', name: 'TOKEN', value: 'of the stranger', by: 'boss' })

    await store.accounts.seen({ id, login: 'second-again' })
    expect(await tokenOf('second-again')).toBe(`of ${id}`)
    expect(await tokenOf('second')).toBe('of the stranger')
    expect(await worksFor()).toEqual(['second-again', 'second-again'])
  })

  test('two that swap their logins keep what is theirs', async () => {
    const [one, two] = [await account('third'), await account('fourth')]
    await store.accounts.seen({ id: one.id, login: 'fourth' })
    await store.accounts.seen({ id: two.id, login: 'third' })
    expect([await tokenOf('fourth'), await tokenOf('third')]).toEqual([`of ${one.id}`, `of ${two.id}`])
  })

  test('what was set under the new name already stays', async () => {
    const { id } = await account('fifth')
    await store.credentials.set({ organisation: 'fifth-new', name: 'TOKEN', value: 'new', by: 'octocat' })
    await store.accounts.seen({ id, login: 'fifth-new' })
    expect(await tokenOf('fifth-new')).toBe('new')
    expect(await tokenOf('fifth')).toBeUndefined()
  })
})
