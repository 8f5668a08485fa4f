import type { Entry } from './entry.ts'

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

/** The machine did it: unscored, retried. */
export const infrastructureCodes = {
  backup_failed: {
    ...infrastructure(
      'A backup of the embedded database could not be written, or not put into its place. Nothing was changed.',
      'Make room in PROCTOR_DATA for a copy of the database, or correct the permissions of what is named.',
    ),
    retry: false,
  },
  base_image_missing: {
    ...infrastructure('The base image is not on this engine.', 'Run script/bootstrap, or pull the image that it names.'),
    retry: false,
  },
  credential_unreadable: {
    ...infrastructure(
      'A credential in the database is not what proctor kept there.',
      'Find out who changed it, then set it again with `proctor credentials`.',
    ),
    retry: false,
  },
  credentials_locked: {
    ...infrastructure(
      'The credentials in the database cannot be opened with the master key that this process was given, or it was given none.',
      'Start proctor with the PROCTOR_MASTER_KEY that they were kept with.',
    ),
    retry: false,
  },
  database_damaged: {
    ...infrastructure(
      'The embedded database cannot be opened: its files are damaged or gone, or another PostgreSQL wrote them.',
      'Put the backup that is named into its place with `proctor database restore`; what is there now is kept beside it.',
    ),
    retry: false,
  },
  database_in_use: {
    ...infrastructure(
      'Another process has the embedded database open, and it can have one owner only.',
      'Stop that process, or give both a PostgreSQL with DATABASE_URL.',
    ),
    retry: false,
  },
  database_too_new: {
    ...infrastructure(
      'The database was migrated by a later version of proctor.',
      'Start that version or a later one; a database is never migrated back.',
    ),
    retry: false,
  },
  database_too_old: {
    ...infrastructure(
      'The database has not been migrated by this version of proctor, and a worker may not do it.',
      'Start `proctor web` of this version first.',
    ),
    retry: false,
  },
  database_unreachable: infrastructure(
    'The database cannot be opened.',
    'Check DATABASE_URL and that PostgreSQL 15 or later answers there; without it, that PROCTOR_DATA can be written.',
  ),
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
  github_limited: infrastructure(
    'GitHub limits how often it may be asked, and the limit did not end while proctor waited.',
    'Run the job again later; whatever else uses the same token counts too.',
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
