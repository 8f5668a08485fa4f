import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownDatabase } from '../../app/store/database/owner-lock.ts'
import { openStore } from '../../app/store/open.ts'
import { proctor } from '../support/cli.ts'
import { freshPlace } from '../support/stores.ts'
import { there } from '../support/there.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-database-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const say = (args: readonly string[], PROCTOR_DATA: string, env: NodeJS.ProcessEnv = {}) =>
  proctor(['database', ...args], { cwd: root, env: { PROCTOR_DATA, DATABASE_URL: '', ...env } })

test('a backup is listed and restored by its path, and what was there is named', async () => {
  await using place = await freshPlace('embedded')
  const { folder } = place.options
  let file: string
  {
    await using store = await openStore(place.options)
    file = (await there(store.backups).keep()).file
    expect(await say(['restore', file], folder)).toMatchObject({ code: 3, stderr: expect.stringContaining('database_in_use') })
  }
  const listed = await say(['list'], folder)
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^${file}  \\d+\\.\\d MB\\n$`)) })
  const restored = await say(['restore', file], folder)
  expect(restored).toMatchObject({ code: 0, stderr: expect.stringMatching(/^restored \S+: \d+ rows, tables at \d{3}-[\w-]+\n/) })
  const [, replaced] = /the database that was there lies in (\S+);/.exec(restored.stderr) ?? []
  expect(await readdir(there(replaced))).toContain('PG_VERSION')
})

test('a file that is no backup is refused with where and what, and the next step', async () => {
  const folder = join(root, 'garbage')
  await mkdir(folder)
  await writeFile(join(root, 'notes.txt'), 'hello')
  const refused = await say(['restore', 'notes.txt'], folder)
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain(`backup_unusable: ${root}/notes.txt: `)
  expect(refused.stderr).toContain('`proctor database list`')
})

test('a server’s PostgreSQL is left to its own tools, and commands that say too much or too little to --help', async () => {
  const server = await say(['list'], root, { DATABASE_URL: 'postgres://proctor@127.0.0.1:1/proctor' })
  expect(server).toMatchObject({ code: 2, stderr: expect.stringContaining('pg_restore') })
  for (const args of [['restore'], ['list', 'x'], ['backup'], []]) expect((await say(args, root)).code).toBe(2)
  await using _ = await ownDatabase(join(root, 'empty'))
  expect(await say(['list'], join(root, 'empty'))).toMatchObject({ code: 0, stderr: expect.stringContaining('there is no backup in') })
})
