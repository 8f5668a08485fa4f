import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gunzipped } from './archive.ts'
import { startPglite } from './pglite.ts'

/** Beside the code of a build, which makes it of the PGlite that it bundles; sources have none. */
const packaged = new URL('./empty-database.tar.gz', import.meta.url)

/** A tar of the files of a database without tables. Made anew it takes seconds and, for a moment, a gigabyte of memory. */
export async function emptyDatabase(): Promise<Readable> {
  return existsSync(packaged) ? gunzipped(packaged) : Readable.fromWeb((await initialised()).stream())
}

/** The same, made by PostgreSQL's own initdb. */
export async function initialised(): Promise<Blob> {
  const pglite = await startPglite()
  try {
    return await pglite.dumpDataDir('none')
  } finally {
    await pglite.close()
  }
}
