import { z } from 'zod'
import { repoOf, senderOf, sha, withRepo } from './fields.ts'
import type { Checked, Intent } from './intent.ts'

const run = z.object({ head_sha: sha, name: z.string(), external_id: z.string().nullish() })
const payload = withRepo.extend({
  action: z.string(),
  check_run: run,
  requested_action: z.object({ identifier: z.string().max(20) }).nullish(),
})
const suitePayload = withRepo.extend({ action: z.string(), check_suite: z.object({ head_sha: sha }) })

/** `check_run`: the Re-run link and our own buttons. GitHub sends them to the App that made the check run; who pressed is checked later. */
export function checkRun(body: unknown): Intent {
  const read = payload.parse(body)
  const { action, check_run: about, requested_action: pressed } = read
  const common = { repo: repoOf(read), of: checked(about), sender: senderOf(read.sender) }
  if (action === 'rerequested') return { kind: 'rerun', ...common }
  if (action === 'requested_action' && pressed) return { kind: 'button', action: pressed.identifier, ...common }
  return { kind: 'ignore', why: `check_run ${action.slice(0, 40)}` }
}

/** `check_suite`: Re-run all checks of a commit. */
export function checkSuite(body: unknown): Intent {
  const read = suitePayload.parse(body)
  if (read.action !== 'rerequested') return { kind: 'ignore', why: `check_suite ${read.action.slice(0, 40)}` }
  return { kind: 'rerun', repo: repoOf(read), of: { head: read.check_suite.head_sha }, sender: senderOf(read.sender) }
}

const checked = ({ head_sha: head, name, external_id }: z.infer<typeof run>): Checked => ({
  head,
  name,
  ...(external_id ? { externalId: external_id } : {}),
})
