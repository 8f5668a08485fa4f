import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { ProctorError } from '../../../runner/domain/error.ts'
import type { Db } from '../database/pool.ts'
import type { Trx } from '../queue.ts'
import type { Keyring } from './keyring.ts'
import { type MasterKey, seal, unseal } from './master-key.ts'

/** All that is told of a credential, but for the sealer. */
export type CredentialLine = { readonly name: string; readonly version: number; readonly setBy: string; readonly createdAt: Date }
type Setting = { readonly organisation: string; readonly name: string; readonly value: string; readonly by: string }

/**
 * Credentials of organisations. Each value has a data key of its own, wrapped by the master key, which is in no database. They are
 * written, not read: only `open` gives values, to whatever seals them for one job. Throws `credentials_locked` without the right
 * master key, `credential_unreadable` for a row that somebody changed.
 */
export const credentialsIn = (db: Db, keyring: Keyring) => ({
  /** Keeps a value; an earlier one of that name is gone. Returns its version, from 1. */
  async set({ organisation: login, name, value, by }: Setting): Promise<number> {
    const organisation = login.toLowerCase()
    const key = await keyring.current()
    const dataKey = randomBytes(32)
    const about = placeOf({ organisation, name })
    const row = {
      keyId: key.id,
      wrapped: seal({ key: key.bytes, about, plain: dataKey }),
      data: seal({ key: dataKey, about, plain: Buffer.from(value) }),
      setBy: by,
      createdAt: new Date(),
    }
    const { version } = await db
      .insertInto('credentials')
      .values({ organisation, name, version: 1, ...row })
      .onConflict((conflict) =>
        conflict.columns(['organisation', 'name']).doUpdateSet({ ...row, version: sql<number>`credentials.version + 1` }),
      )
      .returning('version')
      .executeTakeFirstOrThrow()
    return version
  },

  /** False: there was none. */
  async remove(organisation: string, name: string): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('credentials')
      .where('organisation', '=', organisation.toLowerCase())
      .where('name', '=', name)
      .executeTakeFirst()
    return numDeletedRows === 1n
  },

  list: (organisation: string): Promise<CredentialLine[]> =>
    db
      .selectFrom('credentials')
      .select(['name', 'version', 'setBy', 'createdAt'])
      .where('organisation', '=', organisation.toLowerCase())
      .orderBy('name')
      .execute(),

  /** Values by name, of those that there are. For the sealer alone. */
  async open(organisation: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (names.length === 0) return new Map()
    const rows = await db
      .selectFrom('credentials')
      .select(['organisation', 'name', 'keyId', 'wrapped', 'data'])
      .where('organisation', '=', organisation.toLowerCase())
      .where('name', 'in', names)
      .execute()
    if (rows.length === 0) return new Map()
    const key = await keyring.current()
    return new Map(rows.map((row) => [row.name, textOf(key, row)] as const))
  },

  /** Wraps every data key with the key of another secret; from then on only that one opens them. Returns how many. */
  rotate: (next: string): Promise<number> =>
    keyring.replace(next, async (trx, from, to) => {
      const rows = await trx.selectFrom('credentials').select(['organisation', 'name', 'keyId', 'wrapped']).forUpdate().execute()
      for (const row of rows) {
        const plain = dataKeyOf(from, row)
        await trx
          .updateTable('credentials')
          .set({ keyId: to.id, wrapped: seal({ key: to.bytes, about: placeOf(row), plain }) })
          .where('organisation', '=', row.organisation)
          .where('name', '=', row.name)
          .execute()
      }
      return rows.length
    }),
})

/** Takes all credentials from one name to another, where one that was set under the new one stays; each opens under the new one alone. */
export async function reseal(
  trx: Trx,
  { key, from, to }: { readonly key: MasterKey; readonly from: string; readonly to: string },
): Promise<void> {
  const rows = await trx.selectFrom('credentials').selectAll().where('organisation', '=', from).forUpdate().execute()
  for (const row of rows) {
    const about = placeOf({ organisation: to, name: row.name })
    const [dataKey, plain] = [dataKeyOf(key, row), Buffer.from(textOf(key, row))]
    const sealed = { wrapped: seal({ key: key.bytes, about, plain: dataKey }), data: seal({ key: dataKey, about, plain }) }
    const there = await trx
      .selectFrom('credentials')
      .select('name')
      .where('organisation', '=', to)
      .where('name', '=', row.name)
      .executeTakeFirst()
    if (there) {
      await trx.deleteFrom('credentials').where('organisation', '=', from).where('name', '=', row.name).execute()
      continue
    }
    await trx
      .updateTable('credentials')
      .set({ ...sealed, organisation: to })
      .where('organisation', '=', from)
      .where('name', '=', row.name)
      .execute()
  }
}

type Row = { readonly organisation: string; readonly name: string; readonly keyId: string; readonly wrapped: Buffer }

/** What was sealed for one organisation and name opens under no other. */
const placeOf = ({ organisation, name }: Pick<Row, 'organisation' | 'name'>) => JSON.stringify([organisation, name])

function dataKeyOf(key: MasterKey, row: Row): Buffer {
  if (row.keyId !== key.id) throw changed(row)
  return unseal({ key: key.bytes, about: placeOf(row), sealed: row.wrapped }) ?? raise(changed(row))
}

const textOf = (key: MasterKey, row: Row & { readonly data: Buffer }): string =>
  (unseal({ key: dataKeyOf(key, row), about: placeOf(row), sealed: row.data }) ?? raise(changed(row))).toString()

const changed = ({ organisation, name }: Pick<Row, 'organisation' | 'name'>) =>
  new ProctorError('credential_unreadable', `the credential ${name} of ${organisation} is not what was kept`)

function raise(error: Error): never {
  throw error
}
