import type { Checked, Repo, Sender } from '../events/intent.ts'
import type { Evaluation } from '../store/evaluations.ts'
import { fullName, type WebWorld } from '../web/world.ts'
import { again, hasEnded, isDeciding } from './again.ts'

/** What we write into every check run of an evaluation, so that it is found again. */
export const externalIdOf = (evaluation: string): string => `proctor:${evaluation}`

/** Buttons of a check run, by the identifiers that GitHub sends back. At most three are shown; 20, 40 and 20 characters. */
export const buttons = {
  'rerun-failed': { label: 'Re-run failed', description: 'Run what did not pass once more', identifier: 'rerun-failed' },
  'accept-baseline': { label: 'Accept baseline', description: 'What fails now is what is expected', identifier: 'accept-baseline' },
  'approve-run': { label: 'Approve run', description: 'Run this commit of a fork, without keys', identifier: 'approve-run' },
} as const

type Pressed = { readonly repo: Repo; readonly of: Checked; readonly sender: Sender; readonly delivery: string }

/** Re-run, of one check run or of a commit's whole suite. */
export async function rerun(pressed: Pressed, world: WebWorld): Promise<string> {
  return act(pressed, world, async (of) => {
    const outcome = await again({ of, anew: 'all', by: pressed.sender.login, wish: `${of.id}:${pressed.delivery}` }, world)
    return 'refused' in outcome ? outcome.refused : `evaluation ${outcome.evaluation}`
  })
}

/** One of our own buttons. */
export async function press({ action, ...pressed }: Pressed & { readonly action: string }, world: WebWorld): Promise<string> {
  const { sender, delivery } = pressed
  return act(pressed, world, async (of) => {
    switch (action) {
      case 'rerun-failed':
      case 'accept-baseline': {
        if (action === 'accept-baseline' && hasEnded(of)) await world.store.baselines.accept(of.id, sender.login)
        const anew = action === 'rerun-failed' ? 'failed' : 'nothing'
        const outcome = await again({ of, anew, by: sender.login, wish: `${of.id}:${delivery}` }, world)
        return 'refused' in outcome ? outcome.refused : `evaluation ${outcome.evaluation}`
      }
      case 'approve-run':
        return approve({ evaluation: of, sha: pressed.of.head, by: sender.login, withCredentials: false }, world)
      default:
        return `there is no button ${action.slice(0, 20)}`
    }
  })
}

/** For exactly the commit that was looked at: one that was pushed meanwhile is another evaluation. */
async function approve(
  { evaluation, sha, by, withCredentials }: { evaluation: Evaluation; sha: string; by: string; withCredentials: boolean },
  { store }: Pick<WebWorld, 'store'>,
): Promise<string> {
  if (!(await store.evaluations.approve({ id: evaluation.id, sha, by, withCredentials })))
    return 'it does not wait for an approval of this commit'
  return `approved by ${by}`
}

/** Whoever pressed must be able to write here, and the check run must be ours, of this repository and of this commit. */
async function act({ repo, of, sender }: Pressed, world: WebWorld, work: (evaluation: Evaluation) => Promise<string>): Promise<string> {
  const evaluation = await evaluationOf(repo, of, world)
  if (!evaluation) return 'no evaluation of ours'
  const github = await world.clients.of(repo)
  if (sender.isBot || !(await world.door.mayWrite(github, fullName(repo), sender.login))) return `${sender.login} may not write here`
  return work(evaluation)
}

async function evaluationOf({ id }: Repo, { head, externalId }: Checked, { store }: WebWorld): Promise<Evaluation | undefined> {
  if (externalId === undefined) return (await store.evaluations.ofCommit(id, head)).find(isDeciding)
  const [, named] = /^proctor:([0-9a-f-]{36})$/.exec(externalId) ?? []
  const found = named === undefined ? undefined : await store.evaluations.find(named)
  return found?.repoId === id && found.headSha === head ? found : undefined
}
