import type { Insertable, Selectable } from 'kysely'
import type { Agents, AgentVersions } from '../database/github-tables.ts'
import type { Db } from '../database/pool.ts'

export type KnownAgent = Readonly<Selectable<Agents>>
export type AgentVersion = Readonly<Selectable<AgentVersions>>
export type Tag = { readonly name: string; readonly commit: string }

/** The agents of a repository, their released versions, and the tags that were seen. */
export const agentsIn = (db: Db) => ({
  async seen(repoId: number, agents: readonly { readonly slug: string; readonly name: string }[]): Promise<void> {
    for (const { slug, name } of agents)
      await db
        .insertInto('agents')
        .values({ repoId, slug, name })
        .onConflict((conflict) => conflict.columns(['repoId', 'slug']).doUpdateSet({ name }))
        .execute()
  },

  of: (repoId: number): Promise<KnownAgent[]> => db.selectFrom('agents').selectAll().where('repoId', '=', repoId).orderBy('slug').execute(),

  /** Writes down a version; what a release tells later than its tag completes it. */
  async release(version: Readonly<Insertable<AgentVersions>>): Promise<void> {
    const { commit, publishedAt, evaluationId } = version
    const set = { commit, ...(publishedAt && { publishedAt }), ...(evaluationId && { evaluationId }) }
    await db
      .insertInto('agentVersions')
      .values(version)
      .onConflict((conflict) => conflict.columns(['repoId', 'slug', 'tag']).doUpdateSet(set))
      .execute()
  },

  versions: (repoId: number, slug: string): Promise<AgentVersion[]> =>
    db.selectFrom('agentVersions').selectAll().where('repoId', '=', repoId).where('slug', '=', slug).orderBy('tag').execute(),

  /** Remembers a repository's tags, and gives back those that are new or have moved. `first`: nobody had looked before. */
  newTags: (repoId: number, tags: readonly Tag[]): Promise<{ readonly tags: Tag[]; readonly first: boolean }> =>
    db.transaction().execute(async (trx) => {
      const repo = await trx.selectFrom('repos').select('tagsReadAt').where('id', '=', repoId).forUpdate().executeTakeFirst()
      const fresh: Tag[] = []
      for (const { name, commit } of tags) {
        const row = await trx
          .insertInto('tags')
          .values({ repoId, name, commit })
          .onConflict((conflict) => conflict.columns(['repoId', 'name']).doUpdateSet({ commit }).where('tags.commit', '!=', commit))
          .returning('name')
          .executeTakeFirst()
        if (row) fresh.push({ name, commit })
      }
      await trx.updateTable('repos').set({ tagsReadAt: new Date() }).where('id', '=', repoId).execute()
      return { tags: fresh, first: !repo?.tagsReadAt }
    }),
})
