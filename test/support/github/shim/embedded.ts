import { idOf, stamp } from '../events.ts'
import { accountOf, identified } from '../identity.ts'
import type { App } from '../who.ts'
import type { Json, World } from '../world.ts'

/** An app as it stands in other answers. */
export function appOf({ id, slug, permissions }: App, world: World) {
  return {
    id,
    slug,
    node_id: `A_${id}`,
    client_id: `Iv1.${idOf(slug)}`,
    owner: accountOf('github', 'Organization', world),
    name: slug,
    description: '',
    external_url: `${world.serverUrl}/apps/${slug}`,
    html_url: `${world.serverUrl}/apps/${slug}`,
    created_at: stamp,
    updated_at: stamp,
    permissions,
    events: [],
  }
}

/** A repository as it stands in other answers. */
export async function repositoryOf(name: string, world: World): Promise<Json> {
  const { body } = await world.emulator.call({ method: 'GET', path: `/repos/${name}`, token: world.known.get(name.toLowerCase())?.token })
  return identified(body, world) as Json // an object, for it is there
}

/** The pull requests of a commit, as they stand in other answers: GitHub leaves those of forks out. */
export function pullsOf({ repo, headSha }: { readonly repo: string; readonly headSha: string }, world: World): readonly Json[] {
  const place = { id: idOf(repo), url: `${world.apiUrl}/repos/${repo}`, name: repo.split('/')[1] }
  return world.pulls
    .all(repo)
    .filter((pull) => pull.headSha === headSha && pull.headRepo === repo)
    .map(({ id, number, headRef, baseRef, baseSha }) => ({
      id,
      number,
      url: `${place.url}/pulls/${number}`,
      head: { ref: headRef, sha: headSha, repo: place },
      base: { ref: baseRef, sha: baseSha, repo: place },
    }))
}
