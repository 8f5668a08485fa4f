import type { Conclusion } from '../../../domain/report.ts'
import type { Annotation } from '../../../report/github/annotations.ts'
import { type GitHub, ownerAndName } from '../client.ts'
import { createOnce } from '../create-once.ts'

/** What a check run shows. `annotations` are added to those that it has. */
export type Output = {
  readonly title: string
  readonly summary: string
  readonly text?: string
  readonly annotations?: readonly Annotation[]
}
/** A commit of a repository, which check runs are about. */
export type Commit = Repository & { readonly sha: string }
type Repository = { readonly github: GitHub; readonly repo: string }
export type CheckRun = {
  readonly id: number
  readonly name: string
  readonly url: string | undefined
  readonly externalId: string
  readonly isOpen: boolean
  readonly conclusion: string | undefined
  /** How many it has. */
  readonly annotations: number
  /** Short name of the App that made it: `github-actions` for the token of a job. */
  readonly app: string | undefined
}
/** A button on a completed one, of which GitHub shows three: 20, 40 and 20 characters. */
export type Action = { readonly label: string; readonly description: string; readonly identifier: string }
/** `conclusion`: it is completed with that; without, it is in progress, or only `queued`. */
type Content = {
  readonly externalId: string
  readonly detailsUrl: string
  readonly output: Output
  readonly conclusion?: Conclusion | undefined
  readonly queued?: boolean
  readonly actions?: readonly Action[]
}

/** Check runs of a commit, also those that a later one of the same name hides. */
export async function listCheckRuns({ github, repo, sha }: Commit, name?: string): Promise<readonly CheckRun[]> {
  const asked = { ...ownerAndName(repo), ref: sha, filter: 'all', per_page: 100, ...(name !== undefined && { check_name: name }) } as const
  return (await github.api.paginate(github.api.rest.checks.listForRef, asked)).map(checkRun)
}

/** `instead`: the id of one that it takes the place of. */
export async function createCheckRun(
  commit: Commit,
  name: string,
  { onRepeat, instead, ...content }: Content & { readonly onRepeat: () => void; readonly instead: number | undefined },
): Promise<CheckRun> {
  const { github, repo, sha } = commit
  const { externalId } = content
  return createOnce({
    github,
    onRepeat,
    async create() {
      const { data } = await github.api.rest.checks.create({ ...ownerAndName(repo), name, head_sha: sha, ...written(content) })
      return checkRun(data)
    },
    find: async () =>
      (await listCheckRuns(commit, name)).find((run) => run.name === name && run.externalId === externalId && run.id > (instead ?? 0)),
  })
}

/** Annotations are added with every request, so one with annotations is not simply repeated. `run` = as it was before. */
export async function updateCheckRun(
  { github, repo }: Repository,
  run: Pick<CheckRun, 'id' | 'annotations'>,
  content: Content,
): Promise<CheckRun> {
  const one = { ...ownerAndName(repo), check_run_id: run.id }
  const added = content.output.annotations?.length ?? 0
  const update = async (request: { readonly retries?: number }) =>
    checkRun((await github.api.rest.checks.update({ ...one, ...written(content), request })).data)
  if (added === 0) return update({})
  return createOnce({
    github,
    create: () => update({ retries: 0 }),
    async find() {
      const now = checkRun((await github.api.rest.checks.get(one)).data)
      return now.annotations >= run.annotations + added ? now : undefined
    },
  })
}

/** Changes what an open one shows while results come in. One that does not get through now is followed by another. */
export async function showProgress({ github, repo }: Repository, id: number, output: Output): Promise<void> {
  const request = { retries: 0, patient: false }
  await github.api.rest.checks.update({ ...ownerAndName(repo), check_run_id: id, output: sent(output), request })
}

const written = ({ externalId, detailsUrl, output, conclusion, queued = false, actions = [] }: Content) => ({
  external_id: externalId,
  details_url: detailsUrl,
  output: sent(output),
  ...(conclusion === undefined
    ? { status: queued ? ('queued' as const) : ('in_progress' as const) }
    : { status: 'completed' as const, conclusion }),
  ...(actions.length > 0 && { actions: actions.slice(0, 3).map((action) => ({ ...action })) }),
})

const sent = ({ annotations, ...texts }: Output) => ({
  ...texts,
  ...(annotations && annotations.length > 0 && { annotations: [...annotations] }),
})

type Told = {
  readonly id: number
  readonly name: string
  readonly html_url: string | null
  readonly external_id: string | null
  readonly status: string
  readonly conclusion: string | null
  readonly output: { readonly annotations_count: number }
  readonly app: { readonly slug?: string } | null
}
const checkRun = ({ id, name, html_url, external_id, status, conclusion, output, app }: Told): CheckRun => ({
  id,
  name,
  url: html_url ?? undefined,
  externalId: external_id ?? '',
  isOpen: status !== 'completed',
  conclusion: conclusion ?? undefined,
  annotations: output.annotations_count,
  app: app?.slug,
})
