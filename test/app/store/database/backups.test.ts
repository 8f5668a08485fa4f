import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backUp } from '../../../../app/jobs/back-up.ts'
import { openLog } from '../../../../app/log.ts'
import { gunzipped, unpackData } from '../../../../app/store/database/archive.ts'
import { backupsIn, keepBackup } from '../../../../app/store/database/backups.ts'
import { migrate, versions } from '../../../../app/store/database/migrate.ts'
import { openPglite } from '../../../../app/store/database/pglite.ts'
import { queriesOn } from '../../../../app/store/database/pool.ts'
import { openStore } from '../../../../app/store/open.ts'
import { freshPlace, type Place } from '../../../support/stores.ts'
import { there } from '../../../support/there.ts'

let root: string
const closing = new AsyncDisposableStack()
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-backups-'))
  closing.defer(() => rm(root, { recursive: true, force: true }))
})
afterAll(() => closing.disposeAsync())

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
const silent = openLog({ level: 'silent', process: 'web' })

/** Where an archive's rows can be asked for. */
async function filesOf(archive: string): Promise<string> {
  const files = await mkdtemp(join(root, 'unpacked-'))
  await rm(files, { recursive: true })
  await unpackData(gunzipped(archive), files)
  return files
}

describe('which backups are kept', () => {
  /** A database of one file. */
  const copy = async (to: string) => {
    await mkdir(to)
    await writeFile(join(to, 'PG_VERSION'), '18\n')
  }
  const at = (hour: number) => new Date(Date.UTC(2026, 10, 21, hour, 9, 3, 456))
  const names = async (folder: string) => (await readdir(join(folder, 'backups'))).toSorted()

  test('the newest eight, and the newest two from before an upgrade, for their owner alone', async () => {
    const folder = await mkdtemp(join(root, 'kept-'))
    for (let hour = 0; hour < 3; hour++) await keepBackup({ folder, copy, beforeUpgrade: true, now: at(hour) })
    for (let hour = 3; hour < 13; hour++) await keepBackup({ folder, copy, now: at(hour) })
    const all = await backupsIn(folder)
    expect(all.map(({ madeAt, beforeUpgrade }) => [madeAt.getUTCHours(), beforeUpgrade])).toEqual([
      ...[12, 11, 10, 9, 8, 7, 6, 5].map((hour) => [hour, false]),
      ...[2, 1].map((hour) => [hour, true]),
    ])
    expect(await names(folder)).toContain('database-2026-11-21T12-09-03Z.tar.gz')
    expect(await names(folder)).toContain('database-2026-11-21T02-09-03Z-before-upgrade.tar.gz')
    expect(await names(folder)).toHaveLength(10)
    expect(await modeOf(join(folder, 'backups'))).toBe('700')
    for (const { file } of all) expect(await modeOf(file)).toBe('600')
  })

  test('one that fails removes none, leaves nothing of itself, and is named', async () => {
    const folder = await mkdtemp(join(root, 'failed-'))
    for (let hour = 0; hour < 8; hour++) await keepBackup({ folder, copy, now: at(hour) })
    const before = await names(folder)
    const half = async (to: string) => {
      await copy(to)
      throw new Error('no space left on the device')
    }
    await expect(keepBackup({ folder, copy: half, now: at(9) })).rejects.toMatchObject({
      code: 'backup_failed',
      message: `${folder}/backups/database-2026-11-21T09-09-03Z.tar.gz: no space left on the device`,
    })
    expect(await names(folder)).toEqual(before)
  })

  test('a clock that went back costs the new one nothing; what else lies there is nobody’s business', async () => {
    const folder = await mkdtemp(join(root, 'clock-'))
    for (let hour = 10; hour < 18; hour++) await keepBackup({ folder, copy, now: at(hour) })
    await writeFile(join(folder, 'backups', 'database-of-mine.tar.gz'), '')
    const { file } = await keepBackup({ folder, copy, now: at(1) })
    expect((await backupsIn(folder)).map((one) => one.file)).toContain(file)
    expect(await names(folder)).toContain('database-of-mine.tar.gz')
  })
})

describe('an embedded database', () => {
  let place: Place
  beforeAll(async () => {
    place = closing.use(await freshPlace('embedded'))
  })

  test('is backed up whenever the newest backup is old enough, while it is at work; after a start only when it is', async () => {
    await using store = await openStore(place.options)
    const backups = there(store.backups)
    let received = 0
    {
      await using _ = backUp({ backups, log: silent, everyMs: 1500, settleMs: 0 })
      while ((await backupsIn(place.options.folder)).length < 2) {
        const id = `d-${received++}`
        await store.deliveries.receive({ id, event: 'push', bodyDigest: id, body: { text: 'x'.repeat(5000) } })
        await wait(10)
      }
    }
    const [newest, first] = await backupsIn(place.options.folder)
    await using opened = await openPglite(await filesOf(there(first).file), () => {})
    const { rows } = await opened.pool.query<{ n: number }>('SELECT count(*) AS n FROM proctor.deliveries')
    expect(there(rows[0]).n).toBeLessThan(received)
    // Started again, it waits for the rest of the time.
    {
      await using _ = backUp({ backups, log: silent, everyMs: 60_000, settleMs: 0 })
      await wait(300)
    }
    expect((await backups.newest())?.file).toBe(newest?.file)
  })

  test('one that is ended in the middle of a backup leaves nothing of it', async () => {
    const before = await backupsIn(place.options.folder)
    {
      await using store = await openStore(place.options)
      await using _ = backUp({ backups: there(store.backups), log: silent, everyMs: 1, settleMs: 0 })
      await expect.poll(() => readdir(join(place.options.folder, 'backups')), { interval: 5 }).toContainEqual(expect.stringMatching(/^\./))
    }
    expect(await readdir(join(place.options.folder, 'backups'))).toHaveLength(before.length)
  })

  test('killed in the middle of a backup, it leaves none that is not whole, and the next removes what is left', async () => {
    const { folder } = place.options
    const shelf = join(folder, 'backups')
    let halves = 0
    for (const ms of [50, 300, 700]) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'backs-up.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(createInterface({ input: there(child.stdout) }), 'line')
      await wait(ms)
      child.kill('SIGKILL')
      await once(child, 'exit')
      halves += (await readdir(shelf)).filter((name) => name.startsWith('.')).length
    }
    expect(halves).toBeGreaterThan(0)
    for (const { file } of await backupsIn(folder)) await rm(await filesOf(file), { recursive: true })
    await using store = await openStore(place.options)
    await there(store.backups).keep()
    expect((await readdir(shelf)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('is backed up as it was before a later proctor changes it, and never when nothing changes', async () => {
    await using older = await freshPlace('embedded')
    const { folder } = older.options
    const first = there(versions[0])
    {
      await using opened = await openPglite(join(folder, 'database'), () => {})
      const db = queriesOn(opened.pool)
      await opened.pool.query('DROP SCHEMA proctor CASCADE')
      await migrate(db, first)
    }
    await (await openStore(older.options))[Symbol.asyncDispose]()
    const all = await backupsIn(folder)
    expect(all.map(({ beforeUpgrade }) => beforeUpgrade)).toEqual([true])
    await (await openStore(older.options))[Symbol.asyncDispose]()
    expect(await backupsIn(folder)).toEqual(all)
    await using opened = await openPglite(await filesOf(there(all[0]).file), () => {})
    expect((await opened.pool.query('SELECT name FROM proctor.migrations')).rows).toEqual([{ name: first }])
  })
})

test('a server of one’s own is not backed up', async () => {
  await using place = await freshPlace('postgres')
  await using store = await openStore(place.options)
  expect(store.backups).toBeUndefined()
})
