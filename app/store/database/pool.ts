import { CamelCasePlugin, Kysely, PostgresDialect, WithSchemaPlugin } from 'kysely'
import pg from 'pg'
import { plainText } from './plain-text.ts'
import type { Tables } from './tables.ts'

export type Db = Kysely<Tables>
export type Pool = pg.Pool

const bigint = pg.types.builtins.INT8
/** Ids of GitHub and counts are far below 2^53. */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === bigint && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
}

/** Connections to a server, or to whatever speaks its protocol in this process. `onError` hears of connections that broke while idle. */
export function poolOf(config: pg.PoolConfig, onError: (error: Error) => void): Pool {
  const pool = new pg.Pool({ connectionTimeoutMillis: 10_000, ...config, types })
  pool.on('error', onError)
  return pool
}

/** Typed queries: columns are snake_case in the database and camelCase here; documents keep their keys. */
export const queriesOn = (pool: Pool): Db =>
  new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new WithSchemaPlugin('proctor'), new CamelCasePlugin({ maintainNestedObjectKeys: true }), plainText()],
  })
