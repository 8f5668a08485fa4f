import { commentBody, worthTelling } from '../../../report/github/comment.ts'
import type { Place } from '../../../report/github/read.ts'
import type { Publisher } from '../../../seams/publisher.ts'
import type { GitHub } from '../client.ts'
import { isRefusal } from '../error.ts'
import { pullOf } from '../pulls.ts'
import { stick } from './sticky.ts'
import { pullThread } from './thread.ts'

/**
 * `key` tells the comments of two proctors of one pull request apart, `order` = [workflow run, attempt] the newer of two results. `author`
 * = our own login. `checkUrl` = the page of the aggregate check run.
 */
type Options = {
  readonly github: GitHub
  readonly repo: string
  readonly pull: number
  readonly key: string
  readonly order: readonly [runId: number, attempt: number]
  readonly mode: 'changes' | 'always' | 'never'
  readonly place: Place
  readonly author: () => Promise<string | undefined>
  readonly checkUrl?: string | undefined
  readonly log: (line: string) => void
}

/** The one comment on a pull request. */
export function openComment({ github, repo, pull, key, order, mode, place, author, checkUrl, log }: Options): Publisher {
  return {
    async publish(report) {
      if (mode === 'never' || report.state === 'running') return
      // A comment that was left alone does not say how new it is: the head does.
      const head = await headOf(github, repo, pull)
      if (head !== undefined && head !== place.sha)
        return log(`pull request ${pull} is at ${head.slice(0, 12)} by now: it gets no comment about ${place.sha.slice(0, 12)}`)
      await stick({
        github,
        log,
        thread: pullThread({ github, repo, pull }),
        author,
        body: (bytes) => commentBody(report, place, { key, order, checkUrl, ...(bytes !== undefined && { bytes }) }),
        wanted: (previous) => mode === 'always' || worthTelling(report, previous),
      })
    },
  }
}

/** Undefined when the token may not see it: then the order alone decides. */
async function headOf(github: GitHub, repo: string, pull: number): Promise<string | undefined> {
  try {
    return (await pullOf(github, repo, pull)).head
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}
