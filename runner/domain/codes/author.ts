import { author, type Entry } from './entry.ts'

/** An author or admin must act, before any run. */
export const authorCodes = {
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
  app_misconfigured: author(
    'whoever runs the server',
    'The server was not told what it needs, or something weak or broken.',
    'Set the variable that is named, or correct it in app.env, where the set-up wrote it; docs/deploy.md lists all of them.',
  ),
  backup_unusable: author(
    'whoever typed the command',
    'The file is no backup of an embedded database, or it is damaged. Nothing was changed.',
    'Name another; `proctor database list` lists them.',
  ),
  commit_gone: author(
    'whoever pushed the commit',
    'GitHub does not have the commit any more, or may not hand out what is in it.',
    'Push it again: what is pushed then is examined.',
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
    "Give the permission that is named to the workflow's job, or to the App's installation.",
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
  tree_too_large: author(
    'whoever looks after the repository',
    'The tree of the commit is larger than what is examined.',
    'Take large files out of it, or leave them to Git LFS; docs/deploy.md says how much is taken.',
  ),
  usage_invalid: author('whoever typed the command', 'The command line is not understood.', 'Run the command with --help.'),
} as const satisfies Record<string, Entry>
