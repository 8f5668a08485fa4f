import type { Entry } from './entry.ts'

const agent = (what: string, next: string): Entry => ({
  class: 'agent',
  verdict: 'fail',
  retry: false,
  exit: 1,
  conclusion: 'failure',
  who: "the agent's author",
  what,
  next,
})

/** The agent did it: graded. */
export const agentCodes = {
  agent_command_failed: agent(
    'The command exited nonzero and left an empty diff.',
    'Read its output in the trajectory; a CLI that waits for a prompt needs its headless flags.',
  ),
  agent_entrypoint_invalid: agent(
    'The entrypoint probe failed: the file does not import, or has no such top-level callable.',
    'Correct `entrypoint` and `entrypoint_file`; an archive with one top folder is flattened.',
  ),
  agent_exception: agent('The agent raised an exception that it did not handle.', "Read the traceback in the run's response."),
  agent_response_invalid: agent(
    'The agent returned neither a string nor `{"final_response": ...}` that JSON can hold.',
    'Return a string or a dict with `final_response`.',
  ),
  agent_sandbox_exited: agent('The agent ended its own sandbox.', 'Do not kill processes that the agent did not start.'),
  work_unreadable: agent(
    'The tree that the agent left cannot be read.',
    "Look at the run's last steps: something replaced or broke the workspace folder.",
  ),
  work_too_large: agent(
    'What the agent left is larger than the limit on bytes or entries.',
    'Write large files outside the workspace, or raise `resources.disk`.',
  ),
} as const satisfies Record<string, Entry>
