import { tokenOf } from './emulator.ts'
import type { GitHost, Pushed } from './git-http.ts'
import { openMirror } from './mirror.ts'
import type { Known, World } from './world.ts'

type Options = { readonly world: World; readonly known: Map<string, Known>; readonly git: GitHost }
export type HubRepository = Awaited<ReturnType<ReturnType<typeof openRepositories>['repository']>>
type Wanted = { readonly isPrivate?: boolean; readonly forkOf?: string }
type Opened = { readonly head: string; readonly base?: string; readonly title?: string; readonly body?: string; readonly draft?: boolean }

/** Repositories in real git that the API knows of. */
export function openRepositories({ world, known, git }: Options) {
  /** `acme/agents`: in the git host, in the API, and open to no token of git yet. */
  async function repository(name: string, { isPrivate = false, forkOf }: Wanted = {}) {
    const [owner = '', short = ''] = name.split('/')
    const there = await git.repository(name)
    const token = keeperOf(owner)
    const json = forkOf === undefined ? { name: short, private: isPrivate } : { name: short }
    const path = forkOf !== undefined ? `/repos/${forkOf}/forks` : isOrg(owner) ? `/orgs/${owner}/repos` : '/user/repos'
    const { status, body } = await world.emulator.call({ method: 'POST', path, token, json })
    if (status >= 300) throw new Error(`no repository ${name}: ${JSON.stringify(body)}`)
    const mirror = openMirror({ emulator: world.emulator, repo: name, bare: there.bare, token })
    known.set(name.toLowerCase(), { name, git: there, isPrivate, mirror, parent: forkOf, token })

    const pushed = async (push: Pushed): Promise<Pushed> => {
      await mirror.sync()
      return push
    }
    return {
      ...there,
      /** Publishes a branch: its open pull requests follow, as does everything the API says. */
      async push(branch?: string): Promise<Pushed> {
        const push = there.push(branch)
        await mirror.sync()
        await world.pulls.follow(name, push.ref.replace('refs/heads/', ''))
        return push
      },
      tag: (...of: Parameters<typeof there.tag>) => pushed(there.tag(...of)),
      remove: (ref: string) => pushed(there.remove(ref)),
      /** Opens a pull request; `head` of a fork is stranger:branch. Both branches have to be pushed. */
      async open({ head, base = 'main', title = 'a change', body, draft = false }: Opened, author = 'octocat') {
        const answer = await world.emulator.call({
          method: 'POST',
          path: `/repos/${name}/pulls`,
          token: tokenOf(author),
          json: { head, base, title, draft, ...(body !== undefined && { body }) },
        })
        if (answer.status !== 201) throw new Error(`no pull request: ${JSON.stringify(answer.body)}`)
        const { number, id } = answer.body as { number: number; id: number } // the emulator's answer
        return world.pulls.open({ repo: name, number, id, head, baseRef: base })
      },
    }
  }

  const isOrg = (owner: string) => world.orgs.has(owner)
  const keeperOf = (owner: string) => tokenOf(world.orgs.get(owner) ?? owner)

  return { repository }
}
