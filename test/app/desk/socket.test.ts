import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Desk } from '../../../app/desk/desk.ts'
import { socketDesk } from '../../../app/desk/socket-client.ts'
import { serveDesk } from '../../../app/desk/socket-server.ts'
import { storeDesk } from '../../../app/desk/store-desk.ts'
import type { Nouns } from '../../../app/store/open.ts'
import { planning } from '../../support/asked.ts'
import { openFresh } from '../../support/stores.ts'
import { there } from '../../support/there.ts'

const closing = new AsyncDisposableStack()
let path: string
let desk: Desk
let store: Nouns

beforeAll(async () => {
  const folder = closing.adopt(await mkdtemp(join(tmpdir(), 'proctor-desk-')), (made) => rm(made, { recursive: true, force: true }))
  path = join(folder, 'desk.sock')
  store = closing.use(await openFresh('embedded')).store
  closing.use(await serveDesk({ desk: storeDesk(store), path, token: 'right' }))
  desk = socketDesk({ path, token: 'right' })
}, 60_000)
afterAll(() => closing.disposeAsync())

const ask = (name: string, { token = 'right', method = 'POST', body = '[]' } = {}) =>
  new Promise<number>((done, failed) => {
    const sent = request({ socketPath: path, path: name, method, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume()
      done(response.statusCode ?? 0)
    })
    sent.on('error', failed).end(method === 'POST' ? body : undefined)
  })

test('answers as the desk behind it does, from the registration to a claim that was cancelled', async () => {
  const { id, organisation } = await planning(store)
  const worker = await desk.register({ name: 'far', organisations: [organisation], publicKey: 'key' })
  const claim = await desk.claim(worker, 5000)
  expect(claim).toMatchObject({ kind: 'plan', evaluation: id, organisation })
  if (!claim) return
  expect(await desk.beat(claim)).toBe(true)
  const { repoId, installationId } = there(await store.evaluations.find(id))
  expect(await desk.about(claim)).toBeUndefined() // nobody knows the repository
  await store.installations.save({ id: installationId, account: organisation, accountId: 1, accountType: 'Organization' })
  await store.installations.saveRepos([{ id: repoId, installationId, owner: organisation, name: 'agents', private: true }])
  expect(await desk.about(claim)).toMatchObject({ evaluation: id, repo: `${organisation}/agents`, organisation, trust: expect.any(String) })
  expect(await desk.claim(worker, 100)).toBeUndefined()
  await store.evaluations.cancel(id, 'enough')
  expect(await desk.beat(claim)).toBe(false)
  expect(await desk.refused(claim, [{ code: 'config_invalid', message: 'too late' }])).toBe(false)
})

test('a worker that goes away while it waits costs nobody a job', async () => {
  const stop = new AbortController()
  const organisation = 'patient'
  const gone = await desk.register({ name: 'gone', organisations: [organisation], publicKey: 'key' })
  const waiting = desk.claim(gone, 60_000, stop.signal)
  setTimeout(() => stop.abort(), 200)
  await expect(waiting).rejects.toThrow()
  await new Promise((done) => setTimeout(done, 600))
  const { id } = await planning(store, { organisation })
  const next = await desk.register({ name: 'next', organisations: [organisation], publicKey: 'key' })
  expect(await desk.claim(next, 5000)).toMatchObject({ evaluation: id })
})

describe('is closed', () => {
  test.each([
    ['without the token', '/register', { token: '' }, 401],
    ['with another one', '/register', { token: 'wrong' }, 401],
    ['with one of the same length', '/register', { token: 'rigth' }, 401],
    ['for what is no question', '/constructor', {}, 404],
    ['for what is no question of the desk', '/store', {}, 404],
    ['for reading', '/register', { method: 'GET' }, 404],
    ['for what is no list', '/register', { body: '{}' }, 400],
  ])('%s', async (_, name, options, status) => {
    expect(await ask(name, options)).toBe(status)
  })
})
