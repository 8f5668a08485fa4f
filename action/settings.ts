import { join } from 'node:path'
import { ProctorError } from '../runner/domain/error.ts'

/** What the runner tells a job about itself, read once. */
export type Settings = {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly workspace: string
  /** A folder of this job's own, for trees, results and caches. */
  readonly temporary: string
  readonly apiUrl: string
  readonly serverUrl: string
  /** owner/name */
  readonly repo: string
  readonly runId: number
  readonly attempt: number
  /** Page of the workflow run. */
  readonly runUrl: string
  /** The file of the workflow that called us, relative to the repository. */
  readonly workflowFile: string | undefined
}

/** The parts of the runner's context that count. */
type Told = { readonly apiUrl: string; readonly serverUrl: string; readonly runId: number; readonly runAttempt: number }

export function readSettings(variables: Settings['variables'], { apiUrl, serverUrl, runId, runAttempt }: Told): Settings {
  const repo = variables.GITHUB_REPOSITORY
  if (!repo || !runId || !variables.RUNNER_TEMP)
    throw new ProctorError('usage_invalid', 'this is an action of GitHub: at a desk, use `proctor run`')
  return {
    variables,
    workspace: variables.GITHUB_WORKSPACE ?? process.cwd(),
    temporary: join(variables.RUNNER_TEMP, `proctor-${variables.GITHUB_ACTION ?? 'action'}`),
    apiUrl,
    serverUrl,
    repo,
    runId,
    attempt: runAttempt || 1,
    runUrl: `${serverUrl}/${repo}/actions/runs/${runId}`,
    workflowFile: workflowFile(variables.GITHUB_WORKFLOW_REF, repo),
  }
}

/** `owner/name/.github/workflows/ci.yml@refs/heads/main`; a workflow of another repository is none of ours. */
function workflowFile(ref: string | undefined, repo: string): string | undefined {
  const [path] = ref?.split('@') ?? []
  return path?.startsWith(`${repo}/`) ? path.slice(repo.length + 1) : undefined
}
