import type { Answer } from './artifacts.ts'
import { tokenOf } from './emulator.ts'
import type { Inside } from './pipeline.ts'
import { checkRunBody, checkSuiteBody, pullHappening } from './webhooks/changes.ts'
import type { Json, World } from './world.ts'

type Options = { readonly world: World; readonly inside: (request: Inside) => Promise<Answer> }

/** What people do on the site, under their names, with everything that follows from it. Nothing of it is among the hub's requests. */
export function openPeopleDo({ world, inside }: Options) {
  return (login: string) => {
    async function ask(method: string, path: string, json?: unknown): Promise<Json> {
      const { status, body } = await inside({ method, path: `/repos/${path}`, token: tokenOf(login), ...(json !== undefined && { json }) })
      if (status >= 300) throw new Error(`${login} may not ${method} ${path}: ${status} ${JSON.stringify(body)}`)
      return (body ?? {}) as Json // an answer of success
    }
    /** Whoever made the check run is told how it was when the button was pressed. */
    const press = async (repo: string, id: number, { action, ...more }: Json & { readonly action: string }, then = async () => {}) => {
      const run = checkRunBody(await world.look(`/repos/${repo}/check-runs/${id}`))
      await then()
      world.tell({ event: 'check_run', action, repo, sender: login, body: { check_run: run, ...more } })
    }
    /** The emulator's own way, for what GitHub's API cannot do. */
    const anew = (path: string, method = 'POST', json?: unknown) =>
      world.emulator.call({
        method,
        path: `/repos/${path}`,
        token: world.known.get(path.split('/').slice(0, 2).join('/').toLowerCase())?.token,
        json,
      })

    return {
      createComment: (repo: string, number: number, body: string) => ask('POST', `${repo}/issues/${number}/comments`, { body }),
      editComment: (repo: string, id: number, body: string) => ask('PATCH', `${repo}/issues/comments/${id}`, { body }),
      deleteComment: (repo: string, id: number) => ask('DELETE', `${repo}/issues/comments/${id}`),
      label: (repo: string, number: number, ...labels: readonly string[]) => ask('POST', `${repo}/issues/${number}/labels`, { labels }),
      close: (repo: string, number: number) => ask('PATCH', `${repo}/pulls/${number}`, { state: 'closed' }),
      reopen: (repo: string, number: number) => ask('PATCH', `${repo}/pulls/${number}`, { state: 'open' }),
      publish: (repo: string, release: Json & { readonly tag_name: string }) => ask('POST', `${repo}/releases`, release),
      /** A draft becomes a pull request for all to look at; the REST API cannot do that. */
      async ready(repo: string, number: number): Promise<void> {
        await anew(`${repo}/pulls/${number}`, 'PATCH', { draft: false })
        world.tell(await pullHappening(world, 'ready_for_review', { repo, number, sender: login }))
      },
      /** Presses a button of a check run. */
      press: (repo: string, id: number, identifier: string) =>
        press(repo, id, { action: 'requested_action', requested_action: { identifier } }),
      /** Presses Re-run: it is queued again, and whoever made it is told. */
      rerun: (repo: string, id: number) =>
        press(repo, id, { action: 'rerequested' }, async () => void (await anew(`${repo}/check-runs/${id}/rerequest`))),
      /** Presses Re-run all checks. */
      async rerunAll(repo: string, sha: string): Promise<void> {
        const { check_runs: runs } = await world.look(`/repos/${repo}/commits/${sha}/check-runs`)
        const [run] = runs as readonly Json[] // as the description has it
        if (!run) throw new Error(`${sha} has no check runs`)
        const { check_suite: suite } = checkRunBody(run) as { check_suite: Json & { readonly id: number } }
        await anew(`${repo}/check-suites/${suite.id}/rerequest`)
        const url = `${world.apiUrl}/repos/${repo}/check-suites/${suite.id}/check-runs`
        const commit = await headOf(world, repo, sha)
        const body = {
          ...checkSuiteBody(suite),
          status: 'queued',
          conclusion: null,
          latest_check_runs_count: 1,
          check_runs_url: url,
          head_commit: commit,
        }
        world.tell({ event: 'check_suite', action: 'rerequested', repo, sender: login, body: { check_suite: body } })
      },
    }
  }
}

export async function headOf(world: World, repo: string, sha: string): Promise<Json> {
  const { commit } = await world.look(`/repos/${repo}/commits/${sha}`)
  const { tree, message, author, committer } = commit as { tree: Json; message: string; author: Json; committer: Json } // as the description has it
  const person = ({ name, email }: Json) => ({ name, email })
  return { id: sha, tree_id: tree.sha, message, timestamp: committer.date, author: person(author), committer: person(committer) }
}
