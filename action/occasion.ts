import { z } from 'zod'
import { ProctorError } from '../runner/domain/error.ts'

/** What made the workflow run, as far as it matters here. `head` and `base` are commits. */
export type Occasion = {
  readonly kind: 'pull_request' | 'push' | 'tag' | 'follow-up'
  readonly head: string
  readonly base?: { readonly sha: string; readonly ref: string }
  readonly ref: string
  readonly pull?: { readonly number: number; readonly author: string }
  readonly tag?: string
  /** A fork's or Dependabot's: no secret, no write access, nothing that it could gain by. */
  readonly trusted: boolean
  readonly defaultBranch: string
  /** The workflow run that a `workflow_run` event is about. */
  readonly follows?: number
}

const repository = z.object({ full_name: z.string(), default_branch: z.string() })
const sha = z.string().regex(/^[0-9a-f]{40,64}$/)
const side = z.object({ sha, ref: z.string(), repo: z.object({ full_name: z.string() }).nullable() })
const pullPayload = z.object({
  repository,
  pull_request: z.object({ number: z.number().int(), head: side, base: side, user: z.object({ login: z.string() }).nullable() }),
})
const groupPayload = z.object({ repository, merge_group: z.object({ head_sha: sha, base_sha: sha, base_ref: z.string() }) })
const pushPayload = z.object({ repository, deleted: z.boolean().optional() })
const releasePayload = z.object({ repository, action: z.string(), release: z.object({ tag_name: z.string().min(1), draft: z.boolean() }) })
const followPayload = z.object({ repository, workflow_run: z.object({ id: z.number().int(), head_sha: sha }) })

/** The parts of the runner's context that count. */
type Told = { readonly eventName: string; readonly payload: unknown; readonly sha: string; readonly ref: string; readonly actor: string }

/** Reads the event. Throws `event_unsupported` for what cannot or must not be examined. */
export function readOccasion({ eventName, payload, sha: head, ref, actor }: Told): Occasion {
  switch (eventName) {
    case 'pull_request': {
      const { repository, pull_request: pull } = pullPayload.parse(payload)
      const isFork = pull.head.repo?.full_name !== repository.full_name
      const isDependabot = actor === 'dependabot[bot]' || pull.user?.login === 'dependabot[bot]'
      return {
        kind: 'pull_request',
        head: pull.head.sha,
        base: { sha: pull.base.sha, ref: pull.base.ref },
        ref: pull.head.ref,
        pull: { number: pull.number, author: pull.user?.login ?? '' },
        trusted: !isFork && !isDependabot,
        defaultBranch: repository.default_branch,
      }
    }
    case 'pull_request_target':
      throw new ProctorError(
        'event_unsupported',
        '`pull_request_target` has the secrets of the repository and would run the code of strangers with them; use `pull_request`, and `workflow_run` to publish what forks bring',
      )
    case 'merge_group': {
      const { repository, merge_group: group } = groupPayload.parse(payload)
      return {
        kind: 'pull_request',
        head: group.head_sha,
        base: { sha: group.base_sha, ref: group.base_ref.replace(/^refs\/heads\//, '') },
        ref,
        trusted: true,
        defaultBranch: repository.default_branch,
      }
    }
    case 'release': {
      const { repository, action, release } = releasePayload.parse(payload)
      if (release.draft || (action !== 'published' && action !== 'released' && action !== 'prereleased'))
        throw new ProctorError(
          'event_unsupported',
          `a release that is ${release.draft ? 'a draft' : action} is not examined; use \`types: [published]\``,
        )
      return { kind: 'tag', head, ref: release.tag_name, tag: release.tag_name, trusted: true, defaultBranch: repository.default_branch }
    }
    case 'workflow_run': {
      const { repository, workflow_run: run } = followPayload.parse(payload)
      return { kind: 'follow-up', head: run.head_sha, ref, trusted: false, defaultBranch: repository.default_branch, follows: run.id }
    }
    case 'push': {
      const { repository, deleted } = pushPayload.parse(payload)
      if (deleted) throw new ProctorError('event_unsupported', `${ref} was deleted: there is nothing to examine`)
      return pushed(ref, head, repository.default_branch)
    }
    case 'workflow_dispatch':
    case 'schedule':
    case 'repository_dispatch':
      return pushed(ref, head, z.object({ repository }).parse(payload).repository.default_branch)
    default:
      throw new ProctorError('event_unsupported', `the event \`${eventName}\` brings no commit to examine`)
  }
}

function pushed(ref: string, head: string, defaultBranch: string): Occasion {
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1]
  if (tag !== undefined) return { kind: 'tag', head, ref: tag, tag, trusted: true, defaultBranch }
  const branch = ref.replace(/^refs\/heads\//, '')
  return { kind: 'push', head, ref: branch, trusted: true, defaultBranch }
}
