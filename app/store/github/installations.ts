import { type Selectable, sql } from 'kysely'
import type { Installations, Repos } from '../database/github-tables.ts'
import type { Db } from '../database/pool.ts'

export type Installation = Readonly<Selectable<Installations>>
export type Repo = Readonly<Selectable<Repos>>
export type NewInstallation = { readonly id: number; readonly account: string; readonly accountId: number; readonly accountType: string }
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
  /** Adds an installation, or brings it up to date; one that had been removed is there again. */
  async save(installation: NewInstallation): Promise<void> {
    const { id: _, ...set } = installation
    await db
      .insertInto('installations')
      .values(installation)
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...set, removedAt: null }))
      .execute()
  },

  async saveRepos(repos: readonly NewRepo[]): Promise<void> {
    for (const { id, ...set } of repos)
      await db
        .insertInto('repos')
        .values({ id, ...set })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...set, removedAt: null }))
        .execute()
  },

  async suspend(id: number, suspended: boolean): Promise<void> {
    await db
      .updateTable('installations')
      .set({ suspendedAt: suspended ? new Date() : null })
      .where('id', '=', id)
      .execute()
  },

  /** Takes the installation away, or only some of its repositories. */
  async remove(id: number, repos: readonly number[] | 'all'): Promise<void> {
    const removedAt = new Date()
    if (repos === 'all') await db.updateTable('installations').set({ removedAt }).where('id', '=', id).execute()
    await db
      .updateTable('repos')
      .set({ removedAt })
      .where('installationId', '=', id)
      .$if(repos !== 'all', (query) => query.where('id', 'in', [...(repos === 'all' ? [] : repos), -1]))
      .execute()
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
