import { sql } from 'kysely'
import { ProctorError } from '../../../runner/domain/error.ts'
import type { Db } from '../database/pool.ts'
import type { Trx } from '../queue.ts'
import { type MasterKey, masterKey, newMasterKey } from './master-key.ts'

export type Keyring = {
  /** The key that everything is wrapped with; its first use makes it. */
  current(): Promise<MasterKey>
  /** Takes another secret from now on; `rewrap` is told both keys, and either all of it happens or nothing. */
  replace<T>(next: string, rewrap: (trx: Trx, from: MasterKey, to: MasterKey) => Promise<T>): Promise<T>
}

/** The master key of a process that was given its secret. Everything throws `credentials_locked` without it, or with another one. */
export function keyringOf(db: Db, given: string | undefined): Keyring {
  let secret = given
  const known = new Map<string, MasterKey>()

  async function current(trx: Db | Trx): Promise<MasterKey> {
    if (!secret) throw new ProctorError('credentials_locked', 'there is no PROCTOR_MASTER_KEY to keep credentials with')
    const row = await trx.selectFrom('masterKeys').selectAll().executeTakeFirst()
    if (!row) return add(trx, secret)
    const key = known.get(row.id) ?? (await masterKey(secret, row))
    known.set(key.id, key)
    return key
  }

  async function add(trx: Db | Trx, secret: string): Promise<MasterKey> {
    const { key, row } = await newMasterKey(secret)
    await trx.insertInto('masterKeys').values(row).execute()
    return key
  }

  return {
    current: () => alone(db, current),
    replace: (next, rewrap) =>
      alone(db, async (trx) => {
        const from = await current(trx)
        const to = await add(trx, next)
        const result = await rewrap(trx, from, to)
        await trx.deleteFrom('masterKeys').where('id', '=', from.id).execute()
        return { result, to }
      }).then(({ result, to }) => {
        secret = next
        known.set(to.id, to)
        return result
      }),
  }
}

/** There is one master key: whoever makes or replaces it does so alone. */
const alone = <T>(db: Db, act: (trx: Trx) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('proctor master key', 0))`.execute(trx)
    return act(trx)
  })
