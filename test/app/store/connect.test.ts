import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { openStore } from '../../../app/store/open.ts'
import { asked } from '../../support/asked.ts'
import { freshDatabase, ownCluster } from '../../support/postgres.ts'
import { freshPlace } from '../../support/stores.ts'

const at = (databaseUrl: string) => openStore({ folder: '/nowhere', databaseUrl })

test.each([
  ['nobody listens', 'postgres://proctor:hunter2@127.0.0.1:1/proctor'],
  ['there is no such host', 'postgres://proctor:hunter2@no-such-host.invalid/proctor'],
  ['it has several addresses', 'postgres://proctor:hunter2@localhost:1/proctor'],
  ['it is no URL', 'postgres://proctor:hunter2@[/proctor'],
])('a database that cannot be reached is named, and its password is not: %s', async (_, url) => {
  const error = await at(url).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'database_unreachable' })
  expect(inspect(error, { depth: null })).not.toContain('hunter2')
  expect(error).toMatchObject({ message: expect.stringMatching(/\w/) })
})

test('a database that is not there is named', async () => {
  await using database = await freshDatabase()
  await expect(at(database.url.replace(/t_\d+_\w+/, 'nowhere_at_all'))).rejects.toMatchObject({
    code: 'database_unreachable',
    message: expect.stringContaining('nowhere_at_all'),
  })
})

test('what listens there and never answers is not waited for', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
  const address = silent.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  await expect(at(`postgres://x@127.0.0.1:${address.port}/x`)).rejects.toMatchObject({ code: 'database_unreachable' })
  silent.close()
})

test('an embedded database whose place cannot be written is named', async () => {
  const file = join(tmpdir(), `proctor-no-folder-${process.pid}`)
  await writeFile(file, '')
  await expect(openStore({ folder: join(file, 'data') })).rejects.toMatchObject({ code: 'database_unreachable' })
})

test('when the server goes away, calls fail, and work again when it is back; a store closes without it', async () => {
  await using cluster = await ownCluster()
  const errors: Error[] = []
  const store = await openStore({ folder: '/nowhere', databaseUrl: cluster.url('postgres'), onError: (error) => errors.push(error) })
  await store.evaluations.create(asked())
  await cluster.kill()
  await expect(store.evaluations.create(asked())).rejects.toThrow()
  await cluster.start()
  await expect
    .poll(
      () =>
        store.evaluations.create(asked()).then(
          ({ made }) => made,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true)
  expect(await store.evaluations.live()).toHaveLength(2)
  await cluster.kill()
  await store[Symbol.asyncDispose]()
})

test('jobs in hands end before a store is closed; what does not end is tried again', async () => {
  await using place = await freshPlace('postgres')
  let ended = 0
  {
    await using store = await openStore(place.options)
    const begun = Promise.withResolvers<void>()
    await store.queue.work('lost', {}, async () => {
      begun.resolve()
      await new Promise((done) => setTimeout(done, 1500))
      ended++
    })
    await store.queue.send('lost', { evaluation: 'x' })
    await begun.promise
  }
  expect(ended).toBe(1)
  await using store = await openStore(place.options)
  expect(await store.queue.depth('lost')).toEqual({ waiting: 0, active: 0, failed: 0 })
})
