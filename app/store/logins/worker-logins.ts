import { sql } from 'kysely'
import { ProctorError } from '../../../runner/domain/error.ts'
import type { Db } from '../database/pool.ts'
import type { Trx, Within } from '../queue.ts'
import { scramVerifier } from './scram.ts'
import { grantsFor, workerRole } from './worker-grants.ts'

export type WorkerLogin = {
  /** A role of PostgreSQL: small letters, digits and underscores. */
  readonly login: string
  /** ASCII, at least 16 characters. */
  readonly password: string
  /** Absent: all. */
  readonly organisations?: readonly string[]
}

/**
 * Logins of workers that run elsewhere. Such a login can claim jobs of its organisations, keep results and ask for sealed credentials; it
 * cannot see any other organisation, nor deliveries, credentials, feedback or what is to be written on GitHub.
 */
export const workerLoginsIn = (db: Db, queue: Within) => ({
  /**
   * Makes a login, or gives the one that there is another password and other organisations. Needs a role that may create roles.
   * Throws `usage_invalid`.
   */
  restrict: ({ login, password, organisations }: WorkerLogin): Promise<void> =>
    db.transaction().execute(async (trx) => {
      check({ login, password })
      await grant(trx, queue)
      const set = { organisations: organisations?.map((name) => name.toLowerCase()) ?? null }
      const there = await sql`SELECT 1 FROM pg_roles WHERE rolname = ${login}`.execute(trx)
      const verb = there.rows.length > 0 ? 'ALTER' : 'CREATE'
      await run(trx, `${verb} ROLE ${login} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT PASSWORD '${scramVerifier(password)}'`)
      await run(trx, `GRANT ${workerRole} TO ${login}`)
      await trx
        .insertInto('workerLogins')
        .values({ login, ...set })
        .onConflict((conflict) => conflict.column('login').doUpdateSet(set))
        .execute()
    }),

  /** Takes a login's rights: it can open nothing any more. */
  revoke: (login: string): Promise<boolean> =>
    db.transaction().execute(async (trx) => {
      const { numDeletedRows } = await trx.deleteFrom('workerLogins').where('login', '=', login).executeTakeFirst()
      if (numDeletedRows === 1n) await run(trx, `ALTER ROLE ${login} NOLOGIN`)
      return numDeletedRows === 1n
    }),

  list: () => db.selectFrom('workerLogins').selectAll().orderBy('login').execute(),

  /** After tables changed: gives the role, where there is one, what this version's workers need. */
  refresh: (): Promise<void> =>
    db.transaction().execute(async (trx) => {
      const logins = await trx.selectFrom('workerLogins').select('login').limit(1).execute()
      if (logins.length > 0) await grant(trx, queue)
    }),
})

async function grant(trx: Trx, queue: Within): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('proctor worker role', 0))`.execute(trx)
  const there = await sql`SELECT 1 FROM pg_roles WHERE rolname = ${workerRole}`.execute(trx)
  if (there.rows.length === 0) await run(trx, `CREATE ROLE ${workerRole} NOLOGIN`)
  const tables = { plan: queue.table('plan'), chunk: queue.table('chunk'), conclude: queue.table('conclude'), seal: queue.table('seal') }
  for (const statement of grantsFor(tables)) await run(trx, statement)
}

/** Statements about roles take no parameters: what goes into them was checked, or made here. */
const run = (trx: Trx, statement: string) => sql.raw(statement).execute(trx)

function check({ login, password }: Pick<WorkerLogin, 'login' | 'password'>) {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(login) || login === workerRole || login.startsWith('pg_'))
    throw new ProctorError('usage_invalid', `"${login}" cannot be the login of a worker: small letters, digits and underscores, at most 63`)
  if (!/^[\x21-\x7e]{16,200}$/.test(password))
    throw new ProctorError('usage_invalid', 'the password of a worker has 16 to 200 ASCII characters and no space')
}
