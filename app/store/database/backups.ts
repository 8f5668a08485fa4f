import { createWriteStream } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { ProctorError } from '../../../runner/domain/error.ts'
import { packFolder } from '../../../runner/lib/pack-folder.ts'

/** A whole one. `beforeUpgrade`: made before a later proctor brought the tables up to date. */
export type Backup = { readonly file: string; readonly madeAt: Date; readonly beforeUpgrade: boolean; readonly bytes: number }
type Keeping = {
  /** PROCTOR_DATA. The caller owns the database in it. */
  readonly folder: string
  /** Makes a copy of the database's files as the folder that it is given. */
  readonly copy: (to: string) => Promise<void>
  readonly beforeUpgrade?: boolean
  readonly signal?: AbortSignal
  readonly now?: Date
}

/** How many of either kind stay. A server that dies in each upgrade, and is started again for ever, pushes out no regular one. */
const kept = { regular: 8, beforeUpgrade: 2 }
const pattern = /^database-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z(-before-upgrade)?\.tar\.gz$/

const shelf = (folder: string) => join(folder, 'backups')

/** The backups in `<folder>/backups`, newest first. */
export async function backupsIn(folder: string): Promise<readonly Backup[]> {
  const names = await namesIn(shelf(folder))
  const found = names.flatMap((name) => {
    const [, day, hours, minutes, seconds, before] = pattern.exec(name) ?? []
    return day ? [{ name, madeAt: new Date(`${day}T${hours}:${minutes}:${seconds}Z`), beforeUpgrade: before !== undefined }] : []
  })
  const all = await Promise.all(
    found.map(async ({ name, ...rest }) => ({
      file: join(shelf(folder), name),
      ...rest,
      bytes: (await stat(join(shelf(folder), name))).size,
    })),
  )
  return all.toSorted((a, b) => b.madeAt.getTime() - a.madeAt.getTime())
}

/**
 * Makes a backup, and removes those that it is too many of. One that was begun and not ended never has the name of one: its name begins
 * with a dot, and the next removes it. Throws `backup_failed`; nothing older is removed then.
 */
export async function keepBackup({ folder, copy, beforeUpgrade = false, signal, now = new Date() }: Keeping): Promise<Backup> {
  const name = `database-${stampOf(now)}${beforeUpgrade ? '-before-upgrade' : ''}.tar.gz`
  const file = join(shelf(folder), name)
  try {
    await mkdir(shelf(folder), { recursive: true, mode: 0o700 })
    await chmod(shelf(folder), 0o700)
    await tidy(folder)
    const bytes = await write(join(shelf(folder), `.${name}`), { copy, signal })
    await rename(join(shelf(folder), `.${name}`), file)
    await sync(shelf(folder))
    await rotate(folder, file)
    return { file, madeAt: now, beforeUpgrade, bytes }
  } catch (error) {
    await tidy(folder).catch(() => {})
    if (signal?.aborted) throw error
    throw new ProctorError('backup_failed', `${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Only while its files are copied is the database held; they are packed afterwards, from the copy. */
async function write(draft: string, { copy, signal }: { readonly copy: Keeping['copy']; readonly signal: AbortSignal | undefined }) {
  const files = `${draft}.files`
  await copy(files)
  await pipeline(packFolder(files), createGzip(), createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }), {
    ...(signal && { signal }),
  })
  await rm(files, { recursive: true })
  return (await stat(draft)).size
}

/** Of backups that somebody was killed in. */
async function tidy(folder: string): Promise<void> {
  for (const name of await readdir(shelf(folder)))
    if (name.startsWith('.database-')) await rm(join(shelf(folder), name), { recursive: true, force: true })
}

/** The one that was just made stays even when a clock that went wrong says that it is old. */
async function rotate(folder: string, made: string): Promise<void> {
  const all = await backupsIn(folder)
  const tooMany = [
    ...all.filter(({ beforeUpgrade }) => !beforeUpgrade).slice(kept.regular),
    ...all.filter(({ beforeUpgrade }) => beforeUpgrade).slice(kept.beforeUpgrade),
  ]
  for (const { file } of tooMany) if (file !== made) await rm(file, { force: true })
}

/** A time as a part of a file's name: 2026-11-21T08-09-03Z */
export const stampOf = (time: Date): string => `${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z`

/** What is in a folder; nothing when there is none. */
export const namesIn = (path: string): Promise<readonly string[]> => readdir(path).catch((error) => unlessMissing(error) ?? [])

export function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** What was renamed in a folder is there for good only when the folder is written too. */
export async function sync(path: string): Promise<void> {
  await using handle = await open(path)
  await handle.sync()
}
