import { author, type Entry } from './entry.ts'

/** The author must act, but it came to light only inside a run: that run is unscored, the others go on. */
const authorLate = (who: string, what: string, next: string): Entry => ({ ...author(who, what, next), verdict: 'unscored' })

/** An author must act, but it shows only once a sandbox exists. */
export const authorLateCodes = {
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
} as const satisfies Record<string, Entry>
