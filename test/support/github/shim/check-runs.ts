import type { Answer } from '../artifacts.ts'
import { gitOf } from '../mirror.ts'
import type { App } from '../who.ts'
import { type Ask, invalid, type Json, notFound, paged, type Shim, type Shims, type World } from '../world.ts'
import { appOf, pullsOf } from './embedded.ts'

/** What the emulator forgets of a check run: whose it is, its buttons, and its annotations but the last fifty. */
type Kept = { readonly app: App; readonly actions: readonly Json[]; readonly annotations: readonly Json[] }

const repo = '/repos/{owner}/{repo}'

const create: Shim = async (ask, world) => {
  const sha = String(ask.json.head_sha)
  if (!hasCommit(ask, sha)) return invalid(`No commit found for SHA: ${sha}`)
  const { kind } = ask.who
  if (kind !== 'installation') return notFound()
  const answer = await world.forward(ask, { json: { started_at: new Date().toISOString(), ...adjusted(ask.json) } })
  if (answer.status !== 201) return answer
  const { id } = answer.body as { id: number } // as the description has it
  keptOf(world).set(id, { app: ask.who.app, actions: actionsIn(ask.json), annotations: annotationsIn(ask.json) })
  return mended(answer, ask, world)
}

const update: Shim = async (ask, world) => {
  const id = Number(ask.parameters.check_run_id)
  const kept = keptOf(world).get(id)
  if (!kept || ask.who.kind !== 'installation') return notFound()
  if (kept.app.id !== ask.who.app.id)
    return {
      status: 403,
      body: { message: `Invalid app_id \`${ask.who.app.id}\` - check run can only be modified by the GitHub App that created it.` },
    }
  const answer = await world.forward(ask, { json: adjusted(ask.json) })
  if (answer.status !== 200) return answer
  const annotations = [...kept.annotations, ...annotationsIn(ask.json)]
  keptOf(world).set(id, { ...kept, ...(ask.json.actions !== undefined && { actions: actionsIn(ask.json) }), annotations })
  return mended(answer, ask, world)
}

const one: Shim = async (ask, world) => mended(await world.forward(ask), ask, world)

/** The emulator has no pages here, and finds the latest of a name whoever made it. */
const list: Shim = async (ask, world) => {
  const answer = await world.forward(ask, { path: `${ask.path}?filter=all&per_page=100` })
  if (answer.status !== 200) return answer
  const { check_runs: all } = answer.body as { check_runs: readonly Run[] } // as the description has it
  const query = (name: string) => ask.query.get(name)
  const found = all
    .map((run) => runOf(run, ask, world))
    .filter((run) => query('check_name') === null || run.name === query('check_name'))
    .filter((run) => query('status') === null || run.status === query('status'))
    .filter((run) => query('app_id') === null || run.app?.id === Number(query('app_id')))
    .toSorted((a, b) => b.id - a.id)
  const isLatest = (run: Run) => found.find(({ name, app }) => name === run.name && app?.id === run.app?.id) === run
  const shown = query('filter') === 'all' ? found : found.filter(isLatest)
  const { items, headers } = paged(shown, ask, world.apiUrl)
  return { status: 200, headers, body: { total_count: shown.length, check_runs: items } }
}

const annotations: Shim = (ask, world) => {
  const kept = keptOf(world).get(Number(ask.parameters.check_run_id))
  if (!kept) return notFound()
  const full = kept.annotations.map((annotation) => ({
    start_column: null,
    end_column: null,
    title: null,
    raw_details: null,
    blob_href: `${world.serverUrl}/${ask.known?.name}/blob/HEAD/${annotation.path}`,
    ...annotation,
  }))
  const { items, headers } = paged(full, ask, world.apiUrl)
  return { status: 200, headers, body: items }
}

export const checkRuns: Shims = {
  [`POST ${repo}/check-runs`]: create,
  [`PATCH ${repo}/check-runs/{check_run_id}`]: update,
  [`GET ${repo}/check-runs/{check_run_id}`]: one,
  [`GET ${repo}/check-runs/{check_run_id}/annotations`]: annotations,
  [`GET ${repo}/commits/{ref}/check-runs`]: list,
  [`GET ${repo}/check-suites/{check_suite_id}/check-runs`]: list,
}

type Run = Json & { readonly id: number; readonly name: string; readonly app?: { readonly id: number } | null; readonly output: Json }

const memory = new WeakMap<World, Map<number, Kept>>()
function keptOf(world: World): Map<number, Kept> {
  const kept = memory.get(world) ?? new Map()
  memory.set(world, kept)
  return kept
}

/** What was offered to people, latest. */
export const buttonsOf = (world: World, id: number): readonly Json[] => keptOf(world).get(id)?.actions ?? []

const actionsIn = ({ actions = [] }: Json): readonly Json[] => actions as readonly Json[] // the guard has looked at it

/** A conclusion completes a check run by itself, and buttons are told apart by `identifier`. */
const adjusted = (json: Json): Json => ({ ...json, ...(json.conclusion !== undefined && { status: 'completed' }), actions: undefined })

function annotationsIn({ output }: Json): readonly Json[] {
  const { annotations = [] } = (output ?? {}) as { annotations?: readonly Json[] } // the guard has looked at it
  return annotations
}

const mended = (answer: Answer, ask: Ask, world: World): Answer =>
  answer.status >= 300 ? answer : { ...answer, body: runOf(answer.body as Run, ask, world) } // as the description has it

function runOf(run: Run, ask: Ask, world: World): Run {
  const kept = keptOf(world).get(run.id)
  const url = `${world.apiUrl}/repos/${ask.known?.name}/check-runs/${run.id}`
  return {
    ...run,
    details_url: run.details_url ?? run.html_url,
    output: { ...run.output, annotations_count: kept?.annotations.length ?? 0, annotations_url: `${url}/annotations` },
    app: kept ? appOf(kept.app, world) : null,
    pull_requests: ask.known ? pullsOf({ repo: ask.known.name, headSha: String(run.head_sha) }, world) : [],
  }
}

function hasCommit({ known }: Ask, sha: string): boolean {
  try {
    if (known) gitOf(known.git.bare)('cat-file', '-e', `${sha}^{commit}`)
    return known !== undefined
  } catch {
    return false
  }
}
