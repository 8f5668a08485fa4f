import { gitOf } from '../mirror.ts'
import { headOf } from '../people-do.ts'
import { checkRunBody, senderOf } from '../webhooks/changes.ts'
import { type Ask, type Json, notFound, type Shim, type Shims, type World } from '../world.ts'
import { appOf, pullsOf, repositoryOf } from './embedded.ts'

/** One suite a commit, as the emulator has it; GitHub has one for each app too. */
const repo = '/repos/{owner}/{repo}'

const one: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  return answer.status === 200 ? { ...answer, body: await suiteOf(answer.body as Json, ask, world) } : answer // as the description has it
}

const list: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  if (answer.status !== 200) return answer
  const { check_suites: all, ...rest } = answer.body as { check_suites: readonly Json[] } // as the description has it
  return { ...answer, body: { ...rest, check_suites: await Promise.all(all.map((suite) => suiteOf(suite, ask, world))) } }
}

/** Asks the app that made it to do it again. */
const again: Shim = async (ask, world) => {
  const id = Number(ask.parameters.check_run_id)
  const run = checkRunBody(await world.look(`/repos/${ask.known?.name}/check-runs/${id}`))
  const { status } = await world.forward(ask)
  if (status !== 201 || !ask.known) return notFound()
  world.tell({ event: 'check_run', action: 'rerequested', repo: ask.known.name, sender: senderOf(ask), body: { check_run: run } })
  return { status, body: {} }
}

const allAgain: Shim = async (ask, world) => {
  const { status } = await world.forward(ask)
  return status === 201 ? { status, body: {} } : notFound()
}

export const checkSuites: Shims = {
  [`GET ${repo}/check-suites/{check_suite_id}`]: one,
  [`GET ${repo}/commits/{ref}/check-suites`]: list,
  [`POST ${repo}/check-runs/{check_run_id}/rerequest`]: again,
  [`POST ${repo}/check-suites/{check_suite_id}/rerequest`]: allAgain,
}

async function suiteOf(suite: Json, { known }: Ask, world: World): Promise<Json> {
  if (!known) return suite
  const sha = String(suite.head_sha)
  const runs = await world.look(`/repos/${known.name}/check-suites/${suite.id}/check-runs`)
  const [first] = runs.check_runs as readonly Json[] // as the description has it
  const app = world.apps.find((one) => one.app.id === (first?.app as Json | undefined)?.id)?.app
  const { network_count, subscribers_count, ...repository } = await repositoryOf(known.name, world)
  return {
    ...suite,
    before: gitOf(known.git.bare)('rev-list', '--parents', '--max-count=1', sha).trim().split(' ')[1] ?? null,
    app: app ? appOf(app, world) : null,
    pull_requests: pullsOf({ repo: known.name, headSha: sha }, world),
    head_commit: await headOf(world, known.name, sha),
    latest_check_runs_count: runs.total_count,
    check_runs_url: `${world.apiUrl}/repos/${known.name}/check-suites/${suite.id}/check-runs`,
    repository,
  }
}
