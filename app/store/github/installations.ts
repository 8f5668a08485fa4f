import { type Selectable, sql } from 'kysely'
import type { Installations, Repos } from '../database/github-tables.ts'
import { json } from '../database/json.ts'
import type { Db } from '../database/pool.ts'

export type Installation = Readonly<Selectable<Installations>>
export type Repo = Readonly<Selectable<Repos>>
export type NewInstallation = {
  readonly id: number
  readonly account: string
  readonly accountId: number
  readonly accountType: string
  readonly isSuspended?: boolean
  /** What it gives, as GitHub names it, such as issues: write. */
  readonly permissions?: Readonly<Record<string, string>>
}
export type NewRepo = {
  readonly id: number
  readonly installationId: number
  readonly owner: string
  readonly name: string
  readonly private: boolean
  /** Left as it was when it is not told. */
  readonly defaultBranch?: string
}

/** Where proctor is installed. GitHub's ids stay when names change. */
export const installationsIn = (db: Db) => ({
  /**
   * Adds an installation, or brings it up to date; one that had been removed is there again. So this is for what GitHub says at this
   * moment, and not for what a delivery says, which may be late.
   */
  async save({ id, isSuspended = false, permissions, ...account }: NewInstallation): Promise<void> {
    const set = { ...account, ...(permissions && { permissions: json(permissions) }) }
    const since = sql<Date>`coalesce(installations.suspended_at, now())`
    await db
      .insertInto('installations')
      .values({ id, ...set, ...(isSuspended && { suspendedAt: new Date() }) })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...set, suspendedAt: isSuspended ? since : null, removedAt: null }))
      .execute()
  },

  /** The same of repositories. */
  async saveRepos(repos: readonly NewRepo[]): Promise<void> {
    for (const { id, ...set } of repos)
      await db
        .insertInto('repos')
        .values({ id, ...set })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...set, removedAt: null }))
        .execute()
  },

  /** These are all that the installation has. Gives those that it has no longer. */
  async keepOnly(id: number, repos: readonly number[]): Promise<readonly number[]> {
    const gone = await db
      .updateTable('repos')
      .set(removed())
      .where('installationId', '=', id)
      .where('removedAt', 'is', null)
      .where(sql<boolean>`NOT (id = ANY (${repos}::bigint[]))`)
      .returning('id')
      .execute()
    return gone.map(({ id: repo }) => repo)
  },

  /** Takes it away, with its repositories. */
  async remove(id: number): Promise<void> {
    await db.updateTable('installations').set({ removedAt: new Date() }).where('id', '=', id).where('removedAt', 'is', null).execute()
    await db.updateTable('repos').set(removed()).where('installationId', '=', id).where('removedAt', 'is', null).execute()
  },

  find: (id: number): Promise<Installation | undefined> =>
    db.selectFrom('installations').selectAll().where('id', '=', id).executeTakeFirst(),

  /** Neither removed nor suspended. */
  active: (): Promise<Installation[]> =>
    db.selectFrom('installations').selectAll().where('removedAt', 'is', null).where('suspendedAt', 'is', null).orderBy('id').execute(),

  repo: (id: number): Promise<Repo | undefined> => db.selectFrom('repos').selectAll().where('id', '=', id).executeTakeFirst(),

  repos: (installation: number): Promise<Repo[]> =>
    db.selectFrom('repos').selectAll().where('installationId', '=', installation).where('removedAt', 'is', null).orderBy('id').execute(),

  /** By its present name, in any case of letters. */
  repoNamed: (owner: string, name: string): Promise<Repo | undefined> =>
    db
      .selectFrom('repos')
      .selectAll()
      .where(sql`lower(owner)`, '=', owner.toLowerCase())
      .where(sql`lower(name)`, '=', name.toLowerCase())
      .where('removedAt', 'is', null)
      .executeTakeFirst(),
})

/** When it comes again, the tags that it has then are its past. */
const removed = () => ({ removedAt: new Date(), tagsReadAt: null })
