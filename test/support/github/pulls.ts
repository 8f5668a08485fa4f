import { gitOf } from './mirror.ts'
import type { Known } from './world.ts'

/** What git says of a pull request; the emulator forgets it with the next push. */
export type Tips = {
  readonly headSha: string
  readonly baseSha: string
  /** Empty when the two do not merge. */
  readonly mergeSha: string
}
export type Pull = Tips & {
  readonly repo: string
  readonly number: number
  /** The emulator's number of it, across repositories. */
  readonly id: number
  readonly headRepo: string
  readonly headRef: string
  readonly baseRef: string
}
export type Pulls = ReturnType<typeof openPulls>
type Opened = Pick<Pull, 'repo' | 'number' | 'id' | 'baseRef'> & {
  /** A branch, or one of a fork: stranger:branch. */
  readonly head: string
}

/** Pull requests as git knows them: head and merge are published, and follow when a branch is pushed. */
export function openPulls(known: ReadonlyMap<string, Known>) {
  const all = new Map<string, Pull>()
  const key = (repo: string, number: number) => `${repo}#${number}`.toLowerCase()
  const placeOf = (repo: string): Known => {
    const place = known.get(repo.toLowerCase())
    if (!place) throw new Error(`no repository ${repo}`)
    return place
  }

  async function settle(pull: Omit<Pull, keyof Tips>): Promise<Pull> {
    const place = placeOf(pull.repo)
    const git = gitOf(place.git.bare)
    const { number, headRepo, headRef, baseRef } = pull
    git('fetch', '--quiet', placeOf(headRepo).git.bare, `+refs/heads/${headRef}:refs/pull/${number}/head`)
    const tip = (ref: string) => git('rev-parse', ref).trim()
    const [headSha, baseSha] = [tip(`refs/pull/${number}/head`), tip(`refs/heads/${baseRef}`)]
    const tips: Tips = { headSha, baseSha, mergeSha: merged(place.git.bare, baseSha, headSha) }
    if (tips.mergeSha !== '') git('update-ref', `refs/pull/${number}/merge`, tips.mergeSha)
    await place.mirror.sync()
    const settled = { ...pull, ...tips }
    all.set(key(pull.repo, number), settled)
    return settled
  }

  return {
    of: (repo: string, number: number): Pull | undefined => all.get(key(repo, number)),
    all: (repo: string): readonly Pull[] => [...all.values()].filter((pull) => pull.repo === repo),
    /** Publishes the head and the merge of a new one. */
    open({ head, ...pull }: Opened): Promise<Pull> {
      const [owner, branch = head] = head.includes(':') ? head.split(':') : [undefined, head]
      const own = pull.repo.split('/')[0]
      const fork = [...known.values()].find(({ name, parent }) => parent === pull.repo && name.startsWith(`${owner}/`))
      if (owner !== undefined && owner !== own && !fork) throw new Error(`${owner} has no fork of ${pull.repo}`)
      return settle({ ...pull, headRef: branch, headRepo: owner === undefined || owner === own ? pull.repo : (fork?.name ?? '') })
    },
    /** A branch was pushed: gives what its pull requests are now, and were. */
    async follow(repo: string, branch: string): Promise<readonly { readonly pull: Pull; readonly before: string }[]> {
      const moved = [...all.values()].filter(({ headRepo, headRef }) => headRepo === repo && headRef === branch)
      return Promise.all(moved.map(async (pull) => ({ before: pull.headSha, pull: await settle(pull) })))
    },
  }
}

/** The merge that workflows see; empty when there is a conflict. */
function merged(bare: string, base: string, head: string): string {
  const git = gitOf(bare)
  const person = ['-c', 'user.name=GitHub', '-c', 'user.email=noreply@github.com']
  try {
    const tree = git('merge-tree', '--write-tree', base, head).trim()
    return git(...person, 'commit-tree', tree, '-p', base, '-p', head, '-m', `Merge ${head} into ${base}`).trim()
  } catch {
    return ''
  }
}
