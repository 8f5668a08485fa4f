import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type GitHubEvent, idOf } from './events.ts'

/** Of which a job's variables are made. */
export type JobContext = {
  readonly event: GitHubEvent
  readonly serverUrl: string
  readonly apiUrl: string
  /** The service that keeps artifacts. */
  readonly artifacts?: { readonly url: string; runtimeToken(runId: number, job: string, attempt?: number): string }
  readonly runId?: number
  readonly attempt?: number
  readonly job?: string
}

/** GITHUB_ACTION_PATH is not among them: only composite actions have it. */
export async function contextOf(options: JobContext, { folder, workspace }: { readonly folder: string; readonly workspace: string }) {
  const { event, serverUrl, apiUrl, artifacts, runId = 1001, attempt = 1, job = 'proctor' } = options
  const [temp, tools, home, eventFile] = [join(folder, 'temp'), join(folder, 'tools'), join(folder, 'home'), join(folder, 'event.json')]
  for (const path of [temp, tools, home, workspace]) await mkdir(path, { recursive: true })
  await writeFile(eventFile, JSON.stringify(event.payload))
  const owner = event.repo.split('/')[0] ?? ''
  const workflow = `${event.repo}/.github/workflows/proctor.yml@${event.ref}`
  const github = {
    ACTION: '__self',
    ACTIONS: 'true',
    ACTION_REF: '',
    ACTION_REPOSITORY: '',
    ACTOR: event.actor,
    ACTOR_ID: String(idOf(event.actor)),
    API_URL: apiUrl,
    BASE_REF: event.baseRef ?? '',
    EVENT_NAME: event.name,
    EVENT_PATH: eventFile,
    GRAPHQL_URL: `${apiUrl}/graphql`,
    HEAD_REF: event.headRef ?? '',
    JOB: job,
    REF: event.ref,
    REF_NAME: event.ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    REF_PROTECTED: 'false',
    REF_TYPE: event.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    REPOSITORY: event.repo,
    REPOSITORY_ID: String(idOf(event.repo)),
    REPOSITORY_OWNER: owner,
    REPOSITORY_OWNER_ID: String(idOf(owner)),
    RETENTION_DAYS: '90',
    RUN_ATTEMPT: String(attempt),
    RUN_ID: String(runId),
    RUN_NUMBER: '1',
    SERVER_URL: serverUrl,
    SHA: event.sha,
    TRIGGERING_ACTOR: event.actor,
    WORKFLOW: 'proctor',
    WORKFLOW_REF: workflow,
    WORKFLOW_SHA: event.sha,
    WORKSPACE: workspace,
  }
  const runner = {
    ARCH: 'X64',
    ENVIRONMENT: 'github-hosted',
    NAME: 'runner 1',
    OS: 'Linux',
    TEMP: temp,
    TOOL_CACHE: tools,
    WORKSPACE: folder,
  }
  const prefixed = (prefix: string, named: object) =>
    Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}_${name}`, value]))
  return {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: home,
    CI: 'true',
    ...prefixed('GITHUB', github),
    ...prefixed('RUNNER', runner),
    ...(artifacts && { ACTIONS_RUNTIME_TOKEN: artifacts.runtimeToken(runId, job, attempt), ACTIONS_RESULTS_URL: `${artifacts.url}/` }),
  }
}

/** The files through which a step hands values on, fresh for each. */
export async function commandFiles(folder: string) {
  const names = ['OUTPUT', 'ENV', 'STATE', 'PATH', 'STEP_SUMMARY'] as const
  const into = await mkdtemp(join(folder, 'commands-'))
  for (const name of names) await writeFile(join(into, name), '')
  const text = (name: (typeof names)[number]) => readFile(join(into, name), 'utf8')
  return {
    variables: Object.fromEntries(names.map((name) => [`GITHUB_${name}`, join(into, name)])),
    read: async () => ({
      outputs: keyValues(await text('OUTPUT')),
      env: keyValues(await text('ENV')),
      state: keyValues(await text('STATE')),
      path: (await text('PATH')).split('\n').filter(Boolean),
      summary: await text('STEP_SUMMARY'),
    }),
  }
}

/** `name=value`, or `name<<end`, lines, `end`. Throws where the runner fails the step. */
function keyValues(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const lines = text.split(/\r?\n/)
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line === '') continue
    const [, name, kind, rest = ''] = /^(.*?)(=|<<)(.*)$/.exec(line) ?? []
    if (!name) throw new Error(`Invalid format '${line}'`)
    const end = kind === '=' ? at : lines.indexOf(rest, at + 1)
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${rest}'`)
    found[name] = kind === '=' ? rest : lines.slice(at + 1, end).join('\n')
    at = end
  }
  return found
}
