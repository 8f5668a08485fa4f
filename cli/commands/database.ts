import { resolve } from 'node:path'
import { ProctorError } from '../../runner/domain/error.ts'
import { readArgs, type Usage } from '../args.ts'

const usage: Usage = {
  usage: 'proctor database list | restore FILE',
  about: `Backups of the embedded database of \`proctor serve\`, in PROCTOR_DATA/backups.

  list     backups, newest first
  restore  put a backup into the place of the database, which is kept beside it; stop \`proctor serve\` first

The server makes one before an upgrade, and whenever the newest is PROCTOR_BACKUP_HOURS old. A backup is read from end to end before anything is
changed. It holds what is in the database, credentials as they are encrypted there, and neither the key that opens them nor trees, diffs and
reports. A PostgreSQL that DATABASE_URL names has backups of its own.`,
  positionals: { min: 1, max: 2 },
  options: [],
  examples: ['proctor database restore /var/lib/proctor/backups/database-2026-11-21T08-09-03Z.tar.gz'],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const [action = '', file] = args.positionals
  if (!['list', 'restore'].includes(action)) throw new ProctorError('usage_invalid', `database: found "${action}"; accepted: list, restore`)
  if ((file === undefined) !== (action === 'list')) throw new ProctorError('usage_invalid', usage.usage)
  const { readSettings } = await import('../../app/settings.ts')
  const { data, databaseUrl } = readSettings(process.env)
  if (databaseUrl !== undefined)
    throw new ProctorError('usage_invalid', 'database: DATABASE_URL names a PostgreSQL; pg_dump and pg_restore are for its backups')
  return file === undefined ? list(data) : restore(data, resolve(file))
}

async function list(data: string): Promise<number> {
  const { backupsIn } = await import('../../app/store/database/backups.ts')
  const all = await backupsIn(data)
  if (all.length === 0) process.stderr.write(`there is no backup in ${data}/backups\n`)
  for (const { file, bytes, beforeUpgrade } of all)
    process.stdout.write(`${file}  ${(bytes / 1e6).toFixed(1)} MB${beforeUpgrade ? ', before an upgrade' : ''}\n`)
  return 0
}

async function restore(data: string, file: string): Promise<number> {
  const { restoreDatabase } = await import('../../app/store/database/restore.ts')
  const { version, rows, replaced } = await restoreDatabase(data, file)
  process.stderr.write(`restored ${file}: ${rows} rows, tables at ${version}\n`)
  if (replaced) process.stderr.write(`the database that was there lies in ${replaced}; remove it when it is not needed any more\n`)
  return 0
}
