import type { TestResult, TestResults } from './test-results.ts'

type Wanted = { readonly failToPass: readonly string[] | undefined; readonly passToPass: readonly string[] | undefined }
type Problem = { readonly id: string; readonly what: 'failed' | 'missing' | 'skipped' | 'never ran'; readonly detail: string }
/** `passed`: the expected tests that did. `extra`: tests that nobody expects; they neither help nor harm. */
export type Comparison = {
  readonly problems: readonly Problem[]
  readonly passed: readonly string[]
  /** How many of the expected tests were skipped, as they are on the baseline; `expected` counts the others. */
  readonly skipped: number
  readonly expected: number
  readonly extra: readonly string[]
  /** A test that nobody asked for failed, so a nonzero exit code has a reason of its own. */
  readonly failedOutside: boolean
}

/**
 * Expected tests against what ran. Named ones when there are any: an id, or a prefix of ids (`file`, `file::Class`, `file::test` for each of
 * its parameters). Otherwise all of the baseline, and of a file that could not be collected there at least one. Skipped is only what the
 * baseline skipped too.
 */
export function compareTests(ran: TestResults, baseline: TestResults, { failToPass, passToPass }: Wanted): Comparison {
  const index = prefixes(ran)
  const wanted =
    failToPass || passToPass ? [...(failToPass ?? []), ...(passToPass ?? [])] : [...baseline.tests.keys(), ...baseline.uncollected.keys()]
  const problems: Problem[] = []
  const matched = new Set<string>()
  for (const name of new Set(wanted)) {
    const ids = ran.tests.has(name) ? [name] : (index.get(name) ?? cutShort(name, ran))
    if (ids.length === 0) problems.push({ id: name, what: 'missing', detail: reasonFor(name, ran) })
    for (const id of ids) matched.add(id)
  }
  const mustPass = new Set(failToPass)
  const passed: string[] = []
  let skipped = 0
  for (const id of matched) {
    const result = ran.tests.get(id) ?? { status: 'unrun', detail: '' }
    const maySkip = baseline.tests.get(id)?.status === 'skipped' && !mustPass.has(id)
    const problem = problemOf(result, maySkip)
    if (problem) problems.push({ id, what: problem, detail: result.detail })
    else if (result.status === 'passed') passed.push(id)
    else skipped += 1
  }
  const extra = [...ran.tests.keys()].filter((id) => !matched.has(id))
  const failedOutside = ran.uncollected.size > 0 || extra.some((id) => ran.tests.get(id)?.status === 'failed')
  const absent = problems.filter(({ what }) => what === 'missing').length
  return { problems, passed, skipped, expected: matched.size + absent - skipped, extra, failedOutside }
}

function problemOf({ status }: TestResult, maySkip: boolean): Problem['what'] | undefined {
  if (status === 'failed') return 'failed'
  if (status === 'unrun') return 'never ran'
  return status === 'skipped' && !maySkip ? 'skipped' : undefined
}

/** Ids by each of their prefixes: `a.py::C::t[1]` stands under `a.py`, `a.py::C` and `a.py::C::t`. */
function prefixes({ tests }: TestResults): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>()
  for (const id of tests.keys()) {
    const bracket = id.indexOf('[')
    const base = bracket === -1 ? id : id.slice(0, bracket)
    const parts = base.split('::')
    for (let length = 1; length <= parts.length; length++) {
      const prefix = parts.slice(0, length).join('::')
      if (prefix === id) continue
      const ids = index.get(prefix)
      if (ids) ids.push(id)
      else index.set(prefix, [id])
    }
  }
  return index
}

/** Published lists of tests hold ids that were cut in the middle of their parameters. */
const cutShort = (name: string, { tests }: TestResults) =>
  name.includes('[') && !name.endsWith(']') ? [...tests.keys()].filter((id) => id.startsWith(name)) : []

const reasonFor = (name: string, { uncollected }: TestResults) => uncollected.get(name.split('::', 1)[0] ?? '') ?? ''
