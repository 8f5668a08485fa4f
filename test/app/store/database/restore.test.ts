import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialised } from '../../../../app/store/database/empty.ts'
import { ownDatabase } from '../../../../app/store/database/owner-lock.ts'
import { restoreDatabase } from '../../../../app/store/database/restore.ts'
import { openStore } from '../../../../app/store/open.ts'
import { freshPlace, openAt, type Place } from '../../../support/stores.ts'
import { rawTar } from '../../../support/tar.ts'
import { there } from '../../../support/there.ts'

const delivery = (id: string) => ({ id, event: 'push', bodyDigest: id, body: { id } })
const closing = new AsyncDisposableStack()
let root: string
let place: Place
/** Of a database with the delivery `kept`. */
let archive: string
/** Of the same database, when a later proctor had been there. */
let later: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-restore-'))
  closing.defer(() => rm(root, { recursive: true, force: true }))
  place = closing.use(await freshPlace('embedded'))
  await using opened = await openAt(place)
  const { store, query } = opened
  await store.deliveries.receive(delivery('kept'))
  archive = join(root, 'archive.tar.gz')
  await rename((await there(store.backups).keep()).file, archive)
  await query(`INSERT INTO proctor.migrations (name, timestamp) VALUES ('999-of-the-future', '2030-01-01')`)
  later = join(root, 'later.tar.gz')
  await rename((await there(store.backups).keep()).file, later)
  await query(`DELETE FROM proctor.migrations WHERE name = '999-of-the-future'`)
  await store.deliveries.receive(delivery('lost'))
})
afterAll(() => closing.disposeAsync())

/** Every file below the folder, by its content; who owns it now is no part of it. */
async function contentOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const told = files.map(
    async (file) =>
      `${createHash('sha256')
        .update(await readFile(file))
        .digest('hex')} ${file}`,
  )
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== 'owner').map(({ name }) => name)
  return [...folders, ...(await Promise.all(told))].toSorted()
}

describe('a restore', () => {
  test('gives back what the backup holds, and keeps what was there', async () => {
    const { folder } = place.options
    const { replaced, rows } = await restoreDatabase(folder, archive)
    expect(rows).toBeGreaterThan(1)
    expect(replaced).toMatch(/\/database-replaced-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/)
    {
      await using store = await openStore(place.options)
      expect(await store.deliveries.known(['kept', 'lost'])).toEqual(new Set(['kept']))
    }
    const before = join(root, 'before')
    await mkdir(before)
    await rename(there(replaced), join(before, 'database'))
    await using store = await openStore({ ...place.options, folder: before })
    expect(await store.deliveries.known(['kept', 'lost'])).toEqual(new Set(['kept', 'lost']))
  })

  test('goes into a folder without a database too, whole and for its owner alone', async () => {
    const folder = await mkdtemp(join(root, 'machine-'))
    expect(await restoreDatabase(folder, archive)).toMatchObject({ replaced: undefined })
    expect((await readdir(folder)).toSorted()).toEqual(['database', 'owner'])
    expect((await stat(join(folder, 'database'))).mode & 0o777).toBe(0o700)
    await using store = await openStore({ ...place.options, folder })
    expect(await store.deliveries.known(['kept'])).toEqual(new Set(['kept']))
  })

  test('that was killed between its two renames is ended by the next start; one that was killed before them is forgotten', async () => {
    const folder = await mkdtemp(join(root, 'killed-'))
    await restoreDatabase(folder, archive)
    await rename(join(folder, 'database'), join(folder, 'database-next'))
    {
      await using store = await openStore({ ...place.options, folder })
      expect(await store.deliveries.known(['kept'])).toEqual(new Set(['kept']))
    }
    await mkdir(join(folder, 'database-next'))
    await writeFile(join(folder, 'database-next', 'PG_VERSION'), '18\n')
    await using _ = await openStore({ ...place.options, folder })
    expect((await readdir(folder)).toSorted()).toEqual(['database', 'owner'])
  })
})

describe('refused, and nothing is changed:', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(root, 'refused-'))
    await mkdir(join(folder, 'database'))
    await writeFile(join(folder, 'database', 'PG_VERSION'), '18\n')
    await writeFile(join(folder, 'neighbour'), 'untouched\n')
  })
  const file = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(root, name), bytes)
    return join(root, name)
  }
  const tar = (...entries: Parameters<typeof rawTar>[0]) => gzipSync(rawTar(entries))
  const plain = { name: 'PG_VERSION', content: '18\n' }

  const archives: Readonly<Record<string, () => Promise<string>>> = {
    'a file that is not there': async () => join(root, 'nowhere.tar.gz'),
    'a folder': async () => root,
    garbage: () => file('garbage', Buffer.from('garbage '.repeat(1000))),
    'garbage in gzip': () => file('gzip', gzipSync(Buffer.from('garbage '.repeat(1000)))),
    'an empty tar': () => file('empty', tar()),
    'half of an archive': async () => file('half', (await readFile(archive)).subarray(0, 1_000_000)),
    'an archive with a flipped bit': async () => {
      const bytes = await readFile(archive)
      const at = Math.floor(bytes.length / 2)
      bytes[at] = there(bytes[at]) ^ 4
      return file('flipped', bytes)
    },
    'a way out': () => file('out', tar(plain, { name: '../neighbour', content: 'broken' })),
    'a way out from below': () => file('deep', tar(plain, { name: 'base/../../neighbour', content: 'broken' })),
    'a path of the machine': () => file('machine', tar(plain, { name: `//${root}/neighbour`, content: 'broken' })),
    'a symbolic link': () =>
      file('symlink', tar(plain, { name: 'base', type: '2', target: '..' }, { name: 'base/neighbour', content: 'x' })),
    'a hard link': () => file('hardlink', tar(plain, { name: 'base', type: '1', target: '../neighbour' })),
    'a device': () => file('device', tar(plain, { name: 'null', type: '3' })),
    'one file twice': () => file('twice', tar(plain, plain)),
    'files that are no database': () => file('files', tar(plain, { name: 'base/5/1259', content: 'x' })),
    'a database of somebody else': async () => file('else', gzipSync(await (await initialised()).bytes(), { level: 1 })),
  }
  test.each(Object.keys(archives))('%s', async (name) => {
    const path = await there(archives[name])()
    const before = await contentOf(folder)
    await expect(restoreDatabase(folder, path)).rejects.toMatchObject({
      code: 'backup_unusable',
      message: expect.stringMatching(new RegExp(`^${path}: .`)),
    })
    expect(await contentOf(folder)).toEqual(before)
  })

  test('a database of a later proctor', async () => {
    const before = await contentOf(folder)
    await expect(restoreDatabase(folder, later)).rejects.toMatchObject({
      code: 'database_too_new',
      message: expect.stringContaining(`${later}: `),
    })
    expect(await contentOf(folder)).toEqual(before)
  })

  test('while another process has the database', async () => {
    const before = await contentOf(folder)
    await using _ = await ownDatabase(folder)
    await expect(restoreDatabase(folder, archive)).rejects.toMatchObject({ code: 'database_in_use' })
    expect(await contentOf(folder)).toEqual(before)
  })
})

describe('a database that cannot be opened is named, with its newest backup, and is left as it is:', () => {
  const damages: Readonly<Record<string, readonly [said: RegExp, damage: (database: string) => Promise<unknown>]>> = {
    'its control file is cut short': [/could not read file "global\/pg_control"/, (path) => truncate(join(path, 'global', 'pg_control'))],
    'its log is gone': [/required WAL directory/, (path) => rm(join(path, 'pg_wal'), { recursive: true })],
    'a table of its own is garbage': [/invalid page in block \d+ of relation/, (path) => garbled(join(path, 'base', '5', '1259'))],
    'it says nothing of its version': [/only parts of one/, (path) => rm(join(path, 'PG_VERSION'))],
    'it is gone': [/database is gone/, (path) => rm(path, { recursive: true })],
  }
  const garbled = async (file: string) => writeFile(file, Buffer.alloc((await stat(file)).size, 0xa5))

  test.each(Object.entries(damages))('%s', async (_, [said, damage]) => {
    const folder = await mkdtemp(join(root, 'damaged-'))
    await cp(join(place.options.folder, 'database'), join(folder, 'database'), { recursive: true })
    await mkdir(join(folder, 'backups'))
    for (const name of ['database-2026-11-20T00-00-00Z.tar.gz', 'database-2026-11-21T00-00-00Z.tar.gz'])
      await writeFile(join(folder, 'backups', name), '')
    await damage(join(folder, 'database'))
    const before = await readdir(folder)
    const error: unknown = await openStore({ folder }).catch((thrown: unknown) => thrown)
    const newest = `${folder}/backups/database-2026-11-21T00-00-00Z.tar.gz`
    expect(error).toMatchObject({
      code: 'database_damaged',
      message: expect.stringContaining(`the newest backup is ${newest}; \`proctor database restore ${newest}\``),
    })
    expect(error).toMatchObject({ message: expect.stringMatching(said) })
    expect(error).toMatchObject({ message: expect.stringContaining(`${folder}/database`) })
    expect((await readdir(folder)).filter((name) => name !== 'owner')).toEqual(before)
    await rm(folder, { recursive: true })
  })

  test('a table of proctor is garbage, which only reading it shows; a backup is there, and puts it right', async () => {
    await using broken = await freshPlace('embedded')
    const { folder } = broken.options
    let path: string
    {
      await using opened = await openAt(broken)
      await opened.store.deliveries.receive(delivery('kept'))
      await there(opened.store.backups).keep()
      path = there((await opened.query<{ path: string }>(`SELECT pg_relation_filepath('proctor.migrations') AS path`))[0]).path
    }
    await garbled(join(folder, 'database', path))
    const error = await openStore(broken.options).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'database_damaged', message: expect.stringContaining('invalid page') })
    const [, newest = ''] = /the newest backup is (\S+);/.exec(String(error)) ?? []
    await restoreDatabase(folder, newest)
    await using store = await openStore(broken.options)
    expect(await store.deliveries.known(['kept'])).toEqual(new Set(['kept']))
  })

  test('without a backup that is said', async () => {
    const folder = await mkdtemp(join(root, 'none-'))
    await mkdir(join(folder, 'database'))
    await writeFile(join(folder, 'database', 'PG_VERSION'), '17\n')
    await expect(openStore({ folder })).rejects.toMatchObject({
      code: 'database_damaged',
      message: expect.stringContaining(`there is no backup in ${folder}/backups`),
    })
  })
})
