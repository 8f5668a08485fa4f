import type { Report } from '../../../domain/report.ts'
import { commentBody } from '../../../report/github/comment.ts'
import type { Place } from '../../../report/github/read.ts'
import { releaseBlock, withBlock } from '../../../report/github/release-notes.ts'
import type { Publisher } from '../../../seams/publisher.ts'
import { type GitHub, ownerAndName } from '../client.ts'
import { stick } from '../comments/sticky.ts'
import { commitThread } from '../comments/thread.ts'
import { hasStatus, isRefusal } from '../error.ts'
import { attach } from './asset.ts'

/**
 * `onFailure`: what a gate that is not met does beside the verdict. `key`, `order`, `author`: as of a comment. `reportFile` = report.html on
 * this machine, to be attached.
 */
type Options = {
  readonly github: GitHub
  readonly log: (line: string) => void
  readonly repo: string
  readonly tag: string
  readonly sha: string
  readonly onFailure: 'comment' | 'prerelease' | 'nothing'
  readonly place: Place
  readonly reportFile?: string
  readonly key?: string
  readonly order?: readonly [runId: number, attempt: number]
  readonly author?: () => Promise<string | undefined>
}

/** The verdict on a release: in its notes, with the report attached, each once. A tag without a release has neither. */
export function openRelease(options: Options): Publisher {
  const { github, log, repo, tag, reportFile, key = 'proctor' } = options
  return {
    async publish(report) {
      if (report.state === 'running') return
      const errors: unknown[] = []
      const tried = <T>(work: Promise<T>) => work.catch((error: unknown) => void errors.push(error))
      const release = await tried(releaseOf(options))
      if (release) {
        const name = `${key.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}-report.html`
        await tried(writeNotes(options, report, release))
        if (reportFile !== undefined) await tried(attach({ github, log, repo, release, file: reportFile, name, label: `Report of ${key}` }))
      }
      await tried(failureComment(options, report))
      for (const error of errors.filter(isRefusal)) log(`the release ${tag} does not get all of the verdict: ${error.message}`)
      const other = errors.find((error) => !isRefusal(error))
      if (other) throw other
    },
  }
}

type Release = NonNullable<Awaited<ReturnType<typeof releaseOf>>>

async function releaseOf({ github, log, repo, tag }: Options) {
  try {
    return (await github.api.rest.repos.getReleaseByTag({ ...ownerAndName(repo), tag })).data
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
    log(`there is no release ${tag}, so check runs alone have the verdict`)
    return undefined
  }
}

async function writeNotes(
  { github, log, repo, tag, onFailure, place, key = 'proctor' }: Options,
  report: Report,
  release: Release,
): Promise<void> {
  const demoted = onFailure === 'prerelease' && isFailing(report) && !release.prerelease
  const update = async (body?: string) => {
    const changes = { ...(body !== undefined && body !== release.body && { body }), ...(demoted && { prerelease: true }) }
    if (Object.keys(changes).length === 0) return
    await github.api.rest.repos.updateRelease({ ...ownerAndName(repo), release_id: release.id, ...changes })
  }
  for (const bytes of blockBytes) {
    try {
      return await update(withBlock(release.body ?? '', releaseBlock(report, place, { key, bytes })))
    } catch (error) {
      if (!hasStatus(error, 413, 422)) throw error
      log(`the notes of ${tag} do not take a verdict of ${bytes} bytes: ${error.message}`)
    }
  }
  await update()
}
/** What authors wrote may leave little room. */
const blockBytes = [20_000, 3000]

const isFailing = ({ conclusion }: Report): boolean => conclusion === 'failure' || conclusion === 'action_required'

/** Made when the gate is not met; one that is there is kept up to date. */
async function failureComment(
  { github, log, repo, tag, sha, onFailure, place, key = 'proctor', order = [0, 0], author }: Options,
  report: Report,
): Promise<void> {
  if (onFailure !== 'comment') return
  await stick({
    github,
    log,
    thread: commitThread({ github, repo, sha }),
    author: author ?? (async () => undefined),
    body: (bytes) => commentBody(report, place, { key: `${key} release ${tag}`, order, ...(bytes !== undefined && { bytes }) }),
    wanted: () => isFailing(report),
  })
}
