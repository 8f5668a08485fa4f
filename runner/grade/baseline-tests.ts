import type { Digest } from '../domain/blob.ts'
import { ProctorError } from '../domain/error.ts'
import { digest } from '../lib/digest.ts'
import { runSuite, type Suite, type SuiteRun } from './run-suite.ts'
import { lacksProgram } from './shell.ts'

/** In memory only: the tests of an exercise's untouched baseline are the same for each of its runs, and one run of them serves all. */
const known = new Map<Digest, Promise<SuiteRun>>()
const mostKnown = 200

/**
 * The tests as they run on the untouched baseline, where some may well fail. Throws `scorer_broken` when the command cannot work there at
 * all, whatever an agent does.
 */
export async function baselineTests(suite: Suite, signal: AbortSignal): Promise<SuiteRun> {
  const key = digest([suite.exercise ?? null, suite.spec.options, suite.spec.files?.digest ?? null])
  for (;;) {
    signal.throwIfAborted()
    const running = known.get(key)
    if (!running) return remember(key, run(suite))
    try {
      return await running
    } catch (thrown) {
      if (thrown instanceof ProctorError && thrown.code === 'scorer_broken') throw thrown
      // Whoever ran it was cancelled or lost its sandbox. That is no answer to anybody else.
    }
  }
}

function remember(key: Digest, running: Promise<SuiteRun>): Promise<SuiteRun> {
  for (const oldest of known.keys()) {
    if (known.size < mostKnown) break
    known.delete(oldest)
  }
  known.set(key, running)
  running.catch(() => known.delete(key))
  return running
}

async function run(suite: Suite): Promise<SuiteRun> {
  const baseline = await runSuite(suite, { tree: 'baseline' })
  const { tests, uncollected } = baseline.results
  const isNamed = suite.options.fail_to_pass !== undefined || suite.options.pass_to_pass !== undefined
  const says = lacksProgram(baseline.ended)
    ? 'runs a program that the environment lacks'
    : tests.size + uncollected.size === 0 && !isNamed && 'reports no test on the untouched baseline'
  if (!says) return baseline
  throw new ProctorError('scorer_broken', `The scorer "${suite.spec.name}" ${says}. ${advice[suite.options.format]}`, {
    command: suite.options.command,
    log: baseline.ended.output.slice(-2000),
  })
}

const advice = {
  pytest:
    'Its command has to start pytest with PYTHONPATH, where it sets one, ending in ":$PYTHONPATH", and without clearing the environment. A suite that cannot run before the work is done needs `fail_to_pass`.',
  junit: 'Its command has to write JUnit XML to `results`. A suite that cannot run before the work is done needs `fail_to_pass`.',
  tap: 'Its command has to write TAP to stdout. A suite that cannot run before the work is done needs `fail_to_pass`.',
}
