import { z } from 'zod'
import { checkRun, checkSuite } from './check-run.ts'
import { create } from './create.ts'
import { membership } from './installation.ts'
import type { Intent } from './intent.ts'
import { issueComment } from './issue-comment.ts'
import { mergeGroup } from './merge-group.ts'
import { pullRequest } from './pull-request.ts'
import { push } from './push.ts'
import { release } from './release.ts'

/** Events that app.yml subscribes to, and what each asks for. */
export const events: Readonly<Record<string, (body: unknown) => Intent>> = {
  pull_request: pullRequest,
  push,
  create,
  release,
  merge_group: mergeGroup,
  check_run: checkRun,
  check_suite: checkSuite,
  issue_comment: issueComment,
  installation: membership,
  installation_repositories: membership,
  installation_target: membership,
}

/** A delivery as an intent. The body is checked against its event: one that does not fit is ignored, and says where it does not. */
export function readEvent(name: string, body: unknown): Intent {
  const read = Object.hasOwn(events, name) ? events[name] : undefined
  if (!read) return { kind: 'ignore', why: `the event ${name.slice(0, 40)}` }
  try {
    return read(body)
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const [issue] = error.issues
    return { kind: 'ignore', why: `the body is none of a ${name}: ${issue?.path.join('.')}: ${issue?.message}`.slice(0, 300) }
  }
}
