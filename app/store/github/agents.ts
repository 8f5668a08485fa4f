import type { Insertable, Selectable } from 'kysely'
import type { Agents, AgentVersions } from '../database/github-tables.ts'
import type { Db } from '../database/pool.ts'

export type KnownAgent = Readonly<Selectable<Agents>>
export type AgentVersion = Readonly<Selectable<AgentVersions>>
/** In the place of one: `v1.2.0` is a version of all agents of its repository, those to come included. */
export const everyAgent = '*'
export type Tag = { readonly name: string; readonly commit: string }

/** The agents of a repository, their released versions, and the tags that were seen. */
export const agentsIn = (db: Db) => ({
  /** Remembers agents, and what they are called now. */
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

  /** Of one agent, releases of all agents included. */
  versions: (repoId: number, slug: string): Promise<AgentVersion[]> =>
    db
      .selectFrom('agentVersions')
      .selectAll()
      .where('repoId', '=', repoId)
      .where('slug', 'in', [slug, everyAgent])
      .orderBy('tag')
      .execute(),

  /** Remembers tags, and that somebody has looked: what is new from now on is not of the past. */
  pastTags: (repoId: number, tags: readonly Tag[]): Promise<void> =>
    db.transaction().execute(async (trx) => {
      await remember(trx, repoId, tags)
      await trx.updateTable('repos').set({ tagsReadAt: new Date() }).where('id', '=', repoId).execute()
    }),

  /** Those that were not seen, or have moved since. */
  async newTags(repoId: number, tags: readonly Tag[]): Promise<readonly Tag[]> {
    const seen = await db.selectFrom('tags').select(['name', 'commit']).where('repoId', '=', repoId).execute()
    const commits = new Map(seen.map(({ name, commit }) => [name, commit]))
    return tags.filter(({ name, commit }) => commits.get(name) !== commit)
  },

  /** What is to be done about a tag was asked for. */
  sawTag: (repoId: number, tag: Tag): Promise<void> => remember(db, repoId, [tag]),
})

async function remember(db: Db, repoId: number, tags: readonly Tag[]): Promise<void> {
  // One that was pushed between two pages of a list stands on both.
  const once = [...new Map(tags.map((tag) => [tag.name, tag])).values()]
  for (let from = 0; from < once.length; from += atOnce)
    await db
      .insertInto('tags')
      .values(once.slice(from, from + atOnce).map(({ name, commit }) => ({ repoId, name, commit })))
      .onConflict((conflict) => conflict.columns(['repoId', 'name']).doUpdateSet(({ ref }) => ({ commit: ref('excluded.commit') })))
      .execute()
}
const atOnce = 1000
