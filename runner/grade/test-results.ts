/** `unrun`: found, but it never came to an end. */
export type TestStatus = 'passed' | 'failed' | 'skipped' | 'unrun'
/** `detail`: the first line of why, for people. */
export type TestResult = { readonly status: TestStatus; readonly detail: string }
/** What a test run said, by test id. `uncollected`: files or suites that could not even be read, so whose tests nobody knows. */
export type TestResults = {
  readonly tests: ReadonlyMap<string, TestResult>
  readonly uncollected: ReadonlyMap<string, string>
  /** pytest only: the folder that the files in its ids are relative to. */
  readonly root?: string
}

const most = { tests: 200_000, id: 2048, detail: 300 }

/** Gathers results out of a report that nobody trusts, so it is bounded. A test that is named twice is two tests, `id` and `id (2)`. */
export class ResultsReader {
  readonly tests = new Map<string, TestResult>()
  readonly uncollected = new Map<string, string>()
  root?: string

  add(id: string, status: TestStatus, detail = ''): void {
    if (this.tests.size >= most.tests || id.length > most.id) return
    let name = id
    for (let count = 2; this.tests.has(name); count++) name = `${id} (${count})`
    this.tests.set(name, { status, detail: firstLine(detail) })
  }

  /** What the same test said later outranks what it said before only when it is worse. */
  update(id: string, status: TestStatus, detail = ''): void {
    const known = this.tests.get(id)
    if (!known) this.add(id, status, detail)
    else if (rank[status] >= rank[known.status]) this.tests.set(id, { status, detail: firstLine(detail) || known.detail })
  }

  fail(suite: string, detail: string): void {
    if (this.uncollected.size < most.tests && suite.length <= most.id) this.uncollected.set(suite, firstLine(detail))
  }
}

const rank: Readonly<Record<TestStatus, number>> = { unrun: 0, passed: 1, skipped: 2, failed: 3 }

const firstLine = (text: string) => (text.trim().split('\n', 1)[0] ?? '').slice(0, most.detail)
