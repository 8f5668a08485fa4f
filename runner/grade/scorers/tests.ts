import { baselineTests } from '../baseline-tests.ts'
import { type Comparison, compareTests } from '../compare-tests.ts'
import { hasControl, negativeControl } from '../negative-control.ts'
import { runSuite, type Suite, type SuiteRun, TestsOptions } from '../run-suite.ts'
import { excerpt, type Scorer, scored, trustIn } from '../score.ts'
import { describeEnd, succeeded } from '../shell.ts'

/**
 * PASS when every expected test passed, the command says so too, and the same tests fail with failing bodies. `score` is the share of
 * expected tests that passed.
 */
export const tests: Scorer = async ({ spec, run, room, signal }) => {
  const options = TestsOptions.parse(spec.options)
  const suite: Suite = { spec, options, exercise: run.sample.exercise, room }
  const trust = trustIn(room, hasControl(suite) ? 'in-process' : 'unverified')
  const baseline = await baselineTests(suite, signal)
  const ran = await runSuite(suite, { tree: 'work' })
  const compared = compareTests(ran.results, baseline.results, { failToPass: options.fail_to_pass, passToPass: options.pass_to_pass })
  const score = compared.expected === 0 ? 0 : compared.passed.length / compared.expected
  const problem = problemOf(compared, ran, options)
  if (problem)
    return scored({ spec, trust, status: 'FAIL', score: Math.min(score, 0.99), evidence: explain({ problem, compared, ran, options }) })

  signal.throwIfAborted()
  const caught = await negativeControl(suite, compared.passed, baseline.results.root)
  if (caught) return scored({ spec, trust, status: 'FAIL', evidence: caught })
  return scored({
    spec,
    trust,
    status: 'PASS',
    score,
    evidence: `${summary(compared)}.${hasControl(suite) ? ' With failing bodies, each of them fails.' : ''}${also(compared)}`,
  })
}

/** One sentence, or undefined when the tests say PASS. */
function problemOf(compared: Comparison, { ended }: SuiteRun, options: TestsOptions): string | undefined {
  const end = describeEnd(ended, options.timeout_s)
  if (compared.problems.length > 0) return `${summary(compared)}; ${end}.`
  if (compared.passed.length === 0) return `No test passed; ${end}.`
  const isNamed = options.fail_to_pass !== undefined || options.pass_to_pass !== undefined
  // Of named tests, others may fail, and that is what the exit code then tells.
  const isExcused = isNamed && compared.failedOutside && ended.exitCode === 1 && !ended.timedOut
  return succeeded(ended) || isExcused ? undefined : `${summary(compared)}, but the command says otherwise: ${end}.`
}

const summary = ({ passed, expected, skipped }: Comparison) =>
  `${passed.length} of ${expected} expected tests passed${skipped > 0 ? `, ${skipped} skipped as on the baseline` : ''}`
const also = ({ extra }: Comparison) =>
  extra.length === 0 ? '' : `\n${extra.length} tests beside the expected ones: ${extra.slice(0, 5).join(', ')}`

const mostListed = 15

function explain({
  problem,
  compared,
  ran,
  options,
}: {
  problem: string
  compared: Comparison
  ran: SuiteRun
  options: TestsOptions
}): string {
  const lines = compared.problems
    .slice(0, mostListed)
    .map(({ id, what, detail }) => `${what}: ${id.slice(0, 160)}${detail ? `\n  ${detail.slice(0, 200)}` : ''}`)
  const more = compared.problems.length - mostListed
  const list = excerpt([...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'), 2200)
  return [`${problem}${also(compared)}`, list, `$ ${excerpt(options.command, 200)}`, excerpt(ran.ended.output.trim(), 1200)]
    .filter(Boolean)
    .join('\n')
}
