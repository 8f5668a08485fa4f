/**
 * The one table of codes. `class`: whose fault; `verdict`: what it makes of the run it ended (`none` = it stops before any run);
 * `retry`: worth another attempt without a change; `exit`: of the CLI; `conclusion`: of the check run; `who` must act; `next` step.
 */
export type Entry = {
  readonly class: 'agent' | 'author' | 'infrastructure'
  readonly verdict: 'fail' | 'unscored' | 'none'
  readonly retry: boolean
  readonly exit: 1 | 2 | 3
  readonly conclusion: 'failure' | 'neutral' | 'action_required'
  readonly who: string
  readonly what: string
  readonly next: string
}

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
const author = (who: string, what: string, next: string): Entry => ({
  class: 'author',
  verdict: 'none',
  retry: false,
  exit: 2,
  conclusion: 'action_required',
  who,
  what,
  next,
})
/** The author must act, but it came to light only inside a run: that run is unscored, the others go on. */
const authorLate = (who: string, what: string, next: string): Entry => ({ ...author(who, what, next), verdict: 'unscored' })
const infrastructure = (what: string, next: string): Entry => ({
  class: 'infrastructure',
  verdict: 'unscored',
  retry: true,
  exit: 3,
  conclusion: 'neutral',
  who: 'whoever runs proctor',
  what,
  next,
})

export const codes = {
  // The agent did it: graded.
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

  // An author or admin must act, before any run.
  agent_code_fetch_failed: author(
    "the agent's author",
    "The agent's code could not be fetched or failed its checks.",
    'Correct `source`; nothing was started, so this cost nothing.',
  ),
  agent_draft: author(
    "the agent's author",
    'The agent is a draft, and a draft is never dispatched.',
    'Set `draft: false` when it is ready.',
  ),
  agent_not_granted: author(
    'an admin',
    'The agent asks for more than .github/proctor.yml grants it.',
    'Grant it there, or ask for less in agent.yaml.',
  ),
  agent_kind_unsupported: author(
    "the agent's author",
    'This kind of agent is known, but this release does not run it.',
    'Use PythonFunction or ShellCommand.',
  ),
  agent_model_unresolved: author(
    "the eval's author",
    'No judge model is named anywhere, and nobody said `judge: none`.',
    'Name one in the eval or with --judge, or say `judge: none`.',
  ),
  agent_not_found: author('whoever typed the command', 'No agent has this name.', 'Use one of the names listed.'),
  agent_secret_unresolved: author(
    'an admin',
    'A credential that the agent asks for is not set.',
    'Set PROCTOR_CREDENTIAL_<NAME>, or store it with `proctor credentials set`; or remove it from `env`.',
  ),
  config_invalid: author(
    'the author of the file',
    'A file does not follow its format.',
    'Correct the place that is named; `proctor schema` prints the format.',
  ),
  dataset_invalid: author(
    "the dataset's author",
    'The dataset cannot be read as CSV with the columns it needs.',
    'Correct the row and column that are named.',
  ),
  eval_not_found: author('whoever typed the command', 'No eval has this name.', 'Use one of the names listed.'),
  event_unsupported: author(
    'whoever wrote the workflow',
    'The event brings nothing that can be examined, or nothing that may be examined with its rights.',
    'Run the action on one of the events that docs/action.md lists.',
  ),
  feature_unsupported: author(
    'the author of the file',
    'This is part of the format, but this release cannot do it.',
    'Remove it, or use a release that has it.',
  ),
  github_refused: author(
    'an admin',
    'GitHub refused a request: the token is wrong, or it lacks a permission.',
    "Give the workflow's job the permission that is named.",
  ),
  harness_config_unsupported: author(
    "the agent's author",
    'The coding CLI has no way to do what `harness_config` asks.',
    'Remove that part, or use a CLI that can.',
  ),
  image_build_busy: author(
    'whoever typed the command',
    'Another image is being built, and one build runs at a time.',
    'Wait until it has ended (`proctor images list`), then build again.',
  ),
  in_sandbox_requires_workspace: author(
    "the eval's author",
    'A ShellCommand agent needs a workspace, and the eval has no scenario.',
    'Give the eval a `scenario`.',
  ),
  nothing_to_grade: author(
    "the eval's author",
    'The eval has no scorer and no judge, so no run of it could ever fail.',
    'Add a scorer, or a judge.',
  ),
  package_not_found: author(
    'whoever typed the command',
    'The path holds no agent package, eval or scenario.',
    'Give a folder with agent.yaml or agents/, or run `proctor init`.',
  ),
  records_locked: author(
    'whoever typed the command',
    'Another proctor is at work in this output folder.',
    'Wait until it has ended, or name another folder with --out.',
  ),
  ScenarioResolutionError: author("the eval's author", 'No scenario has this name.', 'Use one of the names listed.'),
  scenario_conflict: author("the scenario's author", 'Two scenarios have the same name.', 'Rename one of them.'),
  shard_refused: author(
    'whoever wrote the workflow',
    "A shard's results belong to another plan or run, came twice, or are damaged.",
    'Run the jobs of the shards again, then the merge.',
  ),
  usage_invalid: author('whoever typed the command', 'The command line is not understood.', 'Run the command with --help.'),

  // An author must act, but it shows only once a sandbox exists.
  cassette_miss: authorLate(
    "whoever recorded the eval's answers",
    'A request to a model is not among the recorded ones.',
    'Compare it with the nearest recorded request, which is shown; record again with --record if the change is meant.',
  ),
  environment_setup_failed: authorLate(
    "the environment's author",
    'A package install or the setup command failed.',
    'Correct the command that is named; it runs as `user`, so global installs need sudo.',
  ),
  image_build_failed: authorLate(
    "the environment's author",
    "A step of the image's build failed.",
    'Correct the step that is named; it runs as `user`, so global installs need sudo.',
  ),
  image_not_ready: authorLate(
    "the environment's author",
    'The image is not built yet.',
    'Wait until it is ready (`proctor images list`), then run again.',
  ),
  model_key_refused: authorLate(
    'an admin',
    'The model provider refused the key that proctor holds for it.',
    "Correct the provider's key on the host; the agent never sees it.",
  ),
  python_not_available: authorLate(
    "the environment's author",
    'This machine cannot provide the Python version that the environment asks for.',
    'Use one of the versions that are listed, or give the build access to a source of others.',
  ),
  scorer_broken: authorLate(
    "the scenario's author",
    'A scorer cannot work on this exercise: it fails on the untouched baseline in a way that says nothing about the agent.',
    'Run the scorer on the baseline and correct it.',
  ),
  workspace_seed_failed: authorLate(
    "the scenario's author",
    'The workspace could not be cloned, unpacked or checked.',
    'Correct `workspace` in the scenario.',
  ),
  workspace_setup_failed: authorLate(
    "the scenario's author",
    'The setup command of the workspace failed.',
    'Reproduce it in the same tree, correct it, run again.',
  ),

  // The machine did it: unscored, retried.
  base_image_missing: {
    ...infrastructure('The base image is not on this engine.', 'Run script/bootstrap, or pull the image that it names.'),
    retry: false,
  },
  engine_deadline: infrastructure(
    'The container engine did not answer in time.',
    'Run `proctor doctor`; a loaded engine needs a lower --concurrency.',
  ),
  engine_unreachable: infrastructure(
    'The container engine cannot be reached.',
    'Start it, or point DOCKER_HOST at it; `proctor doctor` checks.',
  ),
  github_failed: infrastructure(
    'GitHub did not answer, or answered with an error, also when asked again.',
    'Run the job again; https://www.githubstatus.com says whether GitHub is well.',
  ),
  internal_error: {
    ...infrastructure('proctor failed in a way that it did not foresee.', 'Report it with the text of the error.'),
    retry: false,
  },
  judge_failed: infrastructure(
    'The judge gave no usable answer, also when asked again.',
    'Check the model, its address and its key with `proctor doctor`.',
  ),
  model_upstream_failed: infrastructure(
    'The model provider failed, could not be reached or did not answer in time, and the agent could not go on.',
    "Look at the run's model-calls.jsonl; try again when the provider answers.",
  ),
  records_damaged: {
    ...infrastructure(
      'What the output folder holds is missing, or no longer what was written.',
      'Restore the file that is named, or run again into a new folder.',
    ),
    retry: false,
  },
  records_unwritable: {
    ...infrastructure('The output folder cannot be written.', 'Make room, correct its permissions, or name another with --out.'),
    retry: false,
  },
  sandbox_lost: infrastructure('The sandbox vanished under the run.', 'Run again with --resume; look at the engine when it comes back.'),
} as const satisfies Record<string, Entry>

export type Code = keyof typeof codes
