import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Report } from '../../runner/domain/report.ts'
import { ReportSchema } from '../../runner/domain/report-schema.ts'
import { artifactNames, downloadOther } from '../artifacts.ts'
import { finish } from '../finish.ts'
import type { Job } from '../job.ts'
import { openShows, type Shows } from '../publishing.ts'

/**
 * Publishes what a workflow run without rights (a fork's) found out. Nothing of that artifact is believed beyond its words: the commit and
 * the pull request come from GitHub, the report is checked against its schema, and no pass of it makes a check green.
 */
export async function publishFollowed(job: Job, follows: number, onShows: (shows: Shows) => void): Promise<void> {
  const { door, github, inputs, settings, log } = job
  const run = await door.workflowRun(github, settings.repo, follows)
  if (run.event !== 'pull_request')
    throw new ProctorError(
      'event_unsupported',
      `workflow run ${follows} was made by \`${run.event}\`; only those of \`pull_request\` are published`,
    )
  const names = artifactNames(inputs['check-name'])
  const artifact = (await door.runArtifacts(github, settings.repo, follows)).find(({ name }) => name === names.records)
  if (!artifact)
    throw new ProctorError(
      'event_unsupported',
      `workflow run ${follows} left no artifact ${names.records}: its job has to run this action before`,
    )
  const [number] = run.pulls
  const followed: Job = {
    ...job,
    out: await downloadOther(job, artifact.id),
    occasion: { ...job.occasion, head: run.headSha, ...(number !== undefined && { pull: { number, author: '' } }) },
    notes: [
      ...job.notes,
      'From a workflow run without rights, which the change itself could alter: what follows is what it says, and a pass decides nothing.',
    ],
  }
  const report = distrusted(await readReport(followed.out), run.headSha)
  const shows = await openShows(followed, undefined)
  onShows(shows)
  log.say(`publishing the report of workflow run ${follows} for ${run.headSha.slice(0, 12)}`)
  await shows.checks.begin(report.batches)
  await shows.conclude(report, {})
  await finish(followed, report, { shows })
}

async function readReport(folder: string): Promise<Report> {
  const text = await readFile(join(folder, 'report.json'), 'utf8').catch(() => undefined)
  try {
    if (text !== undefined) return ReportSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new ProctorError('event_unsupported', 'the report.json of the artifact is none of proctor', { cause })
  }
  throw new ProctorError('event_unsupported', 'the artifact holds no report.json')
}

function distrusted(report: Report, sha: string): Report {
  const lower = <T extends { readonly conclusion: Report['conclusion'] }>(part: T): T =>
    part.conclusion === 'success' ? { ...part, conclusion: 'neutral' } : part
  return lower({ ...report, trigger: { ...report.trigger, sha }, batches: report.batches.map((batch) => lower({ ...batch, commit: sha })) })
}
