import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryBlobs } from '../../../../fakes/blobs.ts'
import { fakeReport } from '../../../../fakes/reports.ts'
import { openArtifacts } from '../../../../support/github/artifacts.ts'
import type { Seen } from '../../../../support/github/faults.ts'
import { openDesk, placeOf, repo } from '../desk.ts'
import { uploader } from '../uploader.ts'

export const own = { owner: 'acme', repo: 'agents' }
export const bot = 'github-actions[bot]'
export type Stage = Awaited<ReturnType<typeof openStage>>
/**
 * One kind of request, and what makes it: `act`, under a key of its own. `shown` = what there is afterwards. `said` = lines of the log.
 */
export type Kind = {
  readonly fits: (seen: Seen) => boolean
  readonly act: (key: string, said: string[]) => Promise<unknown>
  readonly shown: (key: string) => Promise<unknown>
  readonly expected: unknown
  /** Statuses that are an answer, of which no error comes. */
  readonly takes?: readonly string[]
}
export type Kinds = Readonly<Record<string, (stage: Stage) => Kind>>

/** GitHub with one of everything that the adapters ask for. */
export async function openStage() {
  const artifacts = await openArtifacts()
  const desk = await openDesk({ artifacts })
  const token = await desk.jobToken(repo)
  const keeper = desk.client(desk.userToken('octocat')).api.rest.repos
  const folder = await mkdtemp(join(tmpdir(), 'proctor-faults-'))
  await writeFile(join(folder, 'report.html'), '<p>report</p>')

  const pull = await desk.pull()
  desk.workflowRun({ repo, id: 501, headSha: pull.sha, headBranch: 'change-1', event: 'pull_request' })
  desk.workflowRun({ repo, id: 502, headSha: desk.main, headBranch: 'main', event: 'push' })
  const artifact = await uploader(artifacts)(502, 'proctor-records', 'the bytes')
  await desk.repository.tag('v1.0.0', { at: 'main' })
  const release = (await keeper.createRelease({ ...own, tag_name: 'v1.0.0', body: 'new' })).data.id
  const patience = { ms: 20_000 }
  return {
    ...desk,
    patience,
    few: await fakeReport(memoryBlobs(), { stories: ['tests-fail'] }),
    /** More annotations than one request holds. */
    many: await fakeReport(memoryBlobs(), { stories: Array(52).fill('tests-fail') }),
    token,
    keeper,
    folder,
    pull,
    artifact,
    release,
    /** Seconds are short everywhere; GitHub's own time only where it does not answer. */
    given: (said: string[]) => ({
      github: desk.client(token, { said, timeoutMs: patience.ms }),
      repo,
      log: (line: string) => void said.push(line),
      place: placeOf(pull.sha),
    }),
    checkRunsOf: async (name: string) => (await desk.checkRuns(repo, pull.sha)).filter((run) => String(run.name).split(' / ')[0] === name),
    [Symbol.asyncDispose]: async () => {
      await desk[Symbol.asyncDispose]()
      await artifacts[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Requests of a method whose route ends so. */
export const to =
  (method: string, end: string, more: (json: Seen['json']) => boolean = () => true): Kind['fits'] =>
  ({ method: asked, route, json }) =>
    asked === method && route.endsWith(end) && more(json)
