import { there } from '../there.ts'
import type { Answer } from './artifacts.ts'
import { tokenOf } from './emulator.ts'
import type { GitHost, Pushed } from './git-http.ts'
import { gitOf, openMirror } from './mirror.ts'
import { headOf } from './people-do.ts'
import type { Inside } from './pipeline.ts'
import { pushed } from './webhooks/pushes.ts'
import type { Known, World } from './world.ts'

type Options = {
  readonly world: World
  readonly known: Map<string, Known>
  readonly git: GitHost
  readonly inside: (request: Inside) => Promise<Answer>
}
type Wanted = { readonly isPrivate?: boolean; readonly forkOf?: string }
type Opened = { readonly head: string; readonly base?: string; readonly title?: string; readonly body?: string; readonly draft?: boolean }

/** Repositories in real git that the API knows of. */
export function openRepositories({ world, known, git, inside }: Options) {
  /** `acme/agents`: in the git host, in the API, and open to no token of git yet. */
  async function repository(name: string, { isPrivate = false, forkOf }: Wanted = {}) {
    const [owner = '', short = ''] = name.split('/')
    const real = await git.repository(name)
    const token = keeperOf(owner)
    const json = forkOf === undefined ? { name: short, private: isPrivate } : { name: short }
    const path = forkOf !== undefined ? `/repos/${forkOf}/forks` : isOrg(owner) ? `/orgs/${owner}/repos` : '/user/repos'
    const { status, body } = await world.emulator.call({ method: 'POST', path, token, json })
    if (status >= 300) throw new Error(`no repository ${name}: ${JSON.stringify(body)}`)
    const mirror = openMirror({ emulator: world.emulator, repo: name, bare: real.bare, token })
    const place: Known = { name, git: real, isPrivate, mirror, parent: forkOf, token }
    known.set(name.toLowerCase(), place)
    const by = world.orgs.get(owner) ?? owner
    const announced = async (push: Pushed): Promise<Pushed> => {
      await pushed(world, place, { push, by })
      return push
    }
    return {
      ...real,
      /** Publishes a branch: its open pull requests follow, as does everything the API says. */
      push: (branch?: string): Promise<Pushed> => announced(real.push(branch)),
      tag: (...of: Parameters<typeof real.tag>) => announced(real.tag(...of)),
      remove: (ref: string) => announced(real.remove(ref)),
      /** The merge queue takes a pull request: its branch is pushed, and checks are asked for. */
      async queue(number: number) {
        const { mergeSha, headSha, baseSha, baseRef } = there(world.pulls.of(name, number))
        const headRef = `refs/heads/gh-readonly-queue/${baseRef}/pr-${number}-${baseSha}`
        gitOf(real.bare)('update-ref', headRef, mergeSha)
        const push = { ref: headRef, before: '0'.repeat(40), after: mergeSha }
        await pushed(world, place, { push, by })
        const commit = await headOf(world, name, mergeSha)
        const group = { head_sha: mergeSha, head_ref: headRef, base_sha: baseSha, base_ref: `refs/heads/${baseRef}`, head_commit: commit }
        world.tell({ event: 'merge_group', action: 'checks_requested', repo: name, sender: by, body: { merge_group: group } })
        return { headSha: mergeSha, headRef, baseSha, pullHeadSha: headSha }
      },
      /** Opens a pull request; `head` of a fork is stranger:branch. Both branches have to be pushed. */
      async open({ head, base = 'main', title = 'a change', body, draft = false }: Opened, author = 'octocat') {
        const json = { head, base, title, draft, ...(body !== undefined && { body }) }
        const answer = await inside({ method: 'POST', path: `/repos/${name}/pulls`, token: tokenOf(author), json })
        if (answer.status !== 201) throw new Error(`no pull request: ${JSON.stringify(answer.body)}`)
        const { number } = answer.body as { number: number } // as the description has it
        return there(world.pulls.of(name, number))
      },
    }
  }

  const isOrg = (owner: string) => world.orgs.has(owner)
  const keeperOf = (owner: string) => tokenOf(world.orgs.get(owner) ?? owner)

  return { repository }
}
