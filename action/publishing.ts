import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { saveState } from '@actions/core'
import type { ProctorError } from '../runner/domain/error.ts'
import type { Plan } from '../runner/domain/plan.ts'
import type { Report } from '../runner/domain/report.ts'
import type { Place, ReadText } from '../runner/report/github/read.ts'
import type { Publisher } from '../runner/seams/publisher.ts'
import { filesOf, type GitHubDoor, type Job } from './job.ts'

/** The page of the report is known only once it was uploaded. */
type Shown = Place & { reportUrl?: string }
type Checks = ReturnType<GitHubDoor['openChecks']>
/** `sha` = the commit that the check runs are about. */
export type Shows = {
  readonly checks: Checks
  readonly live: Publisher
  /** The last word: check runs, comment, release. Throws once all were tried. */
  conclude(report: Report, found: { readonly reportUrl?: string | undefined; readonly publishing?: Plan['publishing'] }): Promise<void>
  fail(errors: readonly ProctorError[]): Promise<void>
}

export const placeOf = ({ settings, occasion, notes }: Job): Place => ({
  serverUrl: settings.serverUrl,
  repo: settings.repo,
  sha: occasion.head,
  runUrl: settings.runUrl,
  notes,
  ...(occasion.base && { baseRef: occasion.base.ref }),
})

/** Everything that shows results on GitHub. Nothing is asked of GitHub before `begin` or the first report. */
export async function openShows(job: Job, root: string | undefined): Promise<Shows> {
  const { door, github, inputs, settings, occasion, log, out } = job
  const { repo } = settings
  const read = reader(out)
  const place: Shown = { ...placeOf(job) }
  const checks = door.openChecks({
    github,
    repo,
    sha: occasion.head,
    externalId: `proctor:${settings.runId}.${settings.attempt}`,
    place,
    read,
    files: root === undefined ? new Set() : await filesOf(root),
    log: log.say,
    name: inputs['check-name'],
  })
  let isLive = true
  let going: Promise<void> = Promise.resolve()
  return {
    checks,
    live: {
      publish(report) {
        if (!isLive || report.state !== 'running') return Promise.resolve()
        going = checks.publish(report)
        return going
      },
    },
    async conclude(report, { reportUrl, publishing }) {
      isLive = false
      await going.catch(() => {})
      if (reportUrl !== undefined) place.reportUrl = reportUrl
      const publishers: Publisher[] = [checks]
      if (occasion.pull)
        publishers.push(
          door.openComment({
            github,
            repo,
            pull: occasion.pull.number,
            key: inputs['check-name'],
            order: [settings.runId, settings.attempt],
            mode: inputs.comment ?? publishing?.comment ?? 'changes',
            place,
            author: () => door.ownLogin(github, checks),
            checkUrl: checks.url,
            log: log.say,
          }),
        )
      if (occasion.tag !== undefined)
        publishers.push(
          door.openRelease({
            github,
            repo,
            tag: occasion.tag,
            sha: occasion.head,
            onFailure: publishing?.onReleaseFailure ?? 'comment',
            place,
            reportFile: join(out, 'report.html'),
            key: inputs['check-name'],
            order: [settings.runId, settings.attempt],
            author: () => door.ownLogin(github, checks),
            log: log.say,
          }),
        )
      const failures: unknown[] = []
      for (const publisher of publishers) await publisher.publish(report).catch((error) => failures.push(error))
      if (failures.length > 0) throw failures[0]
    },
    async fail(errors) {
      isLive = false
      await going.catch(() => {})
      await checks.fail(errors)
    },
  }
}

/** The post step completes what is still open when this process is gone. */
export const rememberOpen = (job: Job, { open }: Checks) => saveState('open', JSON.stringify({ repo: job.settings.repo, ids: open }))

/** Files of the output folder, which only we write to. */
function reader(out: string): ReadText {
  return async (path, bytes) => {
    try {
      await using file = await open(join(out, path), 'r')
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(bytes, size)), 0, Math.min(bytes, size), 0)
      return { text: buffer.subarray(0, bytesRead).toString(), cut: size > bytes }
    } catch {
      return undefined
    }
  }
}
