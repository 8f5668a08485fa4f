import { sql } from 'kysely'
import { endAll, ends } from '../advance.ts'
import type { Db } from '../database/pool.ts'
import type { Trx, Within } from '../queue.ts'
import { reseal } from './credentials.ts'
import type { Keyring } from './keyring.ts'

type Account = { readonly id: number; readonly login: string }
/** What hung on one login, and hangs on another now. `parked`: its account is not known under any login at this moment. */
export type Moved = { readonly account: number; readonly from: string; readonly to: string; readonly parked: boolean }

/** No login has such a name: what belongs to an account waits there until it is seen again. */
const parking = (id: number) => `#${id}`

/**
 * Logins as GitHub has them now. Credentials and the organisations of worker logins are named by login, and belong to the account, whose id
 * alone stays: they follow it when it is renamed, and whoever has its old login then gets nothing of them.
 */
export const accountsIn = (db: Db, queue: Within, keyring: Keyring) => ({
  /** This account has this login. Gives what was moved for that. Throws `credentials_locked` when there are credentials to move and no key for them. */
  async seen({ id, login: given }: Account): Promise<readonly Moved[]> {
    const login = given.toLowerCase()
    const found = await db
      .selectFrom('accounts')
      .selectAll()
      .where((where) => where.or([where('accountId', '=', id), where('login', '=', login)]))
      .execute()
    if (found.length === 1 && found[0]?.accountId === id && found[0].login === login) return []
    const needsKey = await db
      .selectFrom('credentials')
      .select('name')
      .where('organisation', 'in', [login, ...found.map((row) => row.login)])
      .limit(1)
      .execute()
    const key = found.length > 0 && needsKey.length > 0 ? await keyring.current() : undefined
    return db.transaction().execute(async (trx) => {
      await sql`SELECT pg_advisory_xact_lock(hashtextextended('proctor accounts', 0))`.execute(trx)
      const moved: Moved[] = []
      const move = async (account: number, from: string, to: string) => {
        if (key) await reseal(trx, { key, from, to })
        await carryOver({ trx, queue }, { account, from, to })
        await trx.updateTable('accounts').set({ login: to }).where('accountId', '=', account).execute()
        moved.push({ account, from, to, parked: to === parking(account) })
      }
      const owner = await trx.selectFrom('accounts').selectAll().where('login', '=', login).executeTakeFirst()
      if (owner && owner.accountId !== id) await move(owner.accountId, login, parking(owner.accountId))
      const before = await trx.selectFrom('accounts').selectAll().where('accountId', '=', id).executeTakeFirst()
      if (before && before.login !== login) await move(id, before.login, login)
      if (!before) await trx.insertInto('accounts').values({ accountId: id, login }).execute()
      return moved
    })
  },
})

/** What goes on was begun under the old name: it ends, for a name is what workers and credentials are found by. */
async function carryOver(
  { trx, queue }: { readonly trx: Trx; readonly queue: Within },
  { account, from, to }: { readonly account: number; readonly from: string; readonly to: string },
): Promise<void> {
  const ofAccount = trx.selectFrom('installations').select('id').where('accountId', '=', account)
  const theirs = trx.selectFrom('evaluations').select('id').where('organisation', '=', from).where('installationId', 'in', ofAccount)
  const live = await theirs.where('state', 'not in', ends).execute()
  const ids = live.map(({ id }) => id)
  await endAll({ trx, queue }, { ids, state: 'cancelled', note: 'the account has another name now; Re-run begins again' })
  await trx
    .updateTable('evaluations')
    .set({ organisation: to })
    .where('organisation', '=', from)
    .where('installationId', 'in', ofAccount)
    .execute()
  for (const table of ['worker_logins', 'workers'])
    await sql`UPDATE ${sql.table(`proctor.${table}`)} SET organisations = array_replace(organisations, ${from}, ${to}) WHERE ${from} = ANY (organisations)`.execute(
      trx,
    )
}
