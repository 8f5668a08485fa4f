import { openGitHub } from '../../../../runner/adapters/github/github.ts'
import type { Place } from '../../../../runner/report/github/read.ts'
import { openHub } from '../../../support/github/hub.ts'

export type Desk = Awaited<ReturnType<typeof openDesk>>
type Options = Parameters<typeof openHub>[0]

/** GitHub with one repository and one pull request, and what the adapters are opened with. Waiting is short there. */
export async function openDesk(options: Options = {}) {
  const hub = await openHub(options)
  const repository = await hub.repository('acme/agents')
  await repository.commit({ 'agents/fixer/agent.yaml': 'name: fixer\n' })
  repository.git('branch', '-M', 'main')
  const main = (await repository.push('main')).after
  let number = 0

  return {
    ...hub,
    repository,
    main,
    /** A commit that nothing is said about yet. */
    async commit(): Promise<string> {
      const sha = await repository.commit({})
      await repository.push()
      return sha
    },
    /** A branch with one commit, and a pull request of it. */
    async pull() {
      number += 1
      const head = `change-${number}`
      repository.branch(head, 'main')
      const sha = await repository.commit({ [`${head}.txt`]: head })
      await repository.push(head)
      const pull = await repository.open({ head })
      return { sha, number: pull.number }
    },
    /** A pull request of a stranger's fork. */
    async pullOfFork(branch: string) {
      const fork = await hub.repository('stranger/agents', { forkOf: 'acme/agents' })
      fork.git('fetch', '--quiet', repository.bare, 'main')
      fork.branch(branch, 'FETCH_HEAD')
      const sha = await fork.commit({ 'theirs.txt': 'theirs' })
      await fork.push(branch)
      const { number } = await repository.open({ head: `stranger:${branch}` }, 'stranger')
      return { sha, number }
    },
    /** A client as the action opens one; `said` = what it logs. */
    client(token: string, more: { readonly timeoutMs?: number; readonly said?: string[] } = {}) {
      const said = more.said ?? []
      const connection = { token, apiUrl: hub.apiUrl, version: '0.1.0', log: (line: string) => void said.push(line) }
      const { timeoutMs = 20_000 } = more
      return openGitHub({ ...connection, secondMs: 2, timeoutMs, transferMs: timeoutMs })
    },
    /** Requests since it was asked last, as "METHOD route". */
    since(at: number): readonly string[] {
      return hub.requests.slice(at).map(({ route }) => route)
    },
  }
}

export const repo = 'acme/agents'
export const placeOf = (sha: string, serverUrl = 'https://github.example'): Place => ({
  serverUrl,
  repo,
  sha,
  runUrl: `${serverUrl}/${repo}/actions/runs/1001`,
  notes: [],
})
