import sax from 'sax'
import { ResultsReader, type TestResults, type TestStatus } from '../test-results.ts'

/**
 * JUnit XML, the common core of what runners write: a test's id is `classname::name`, and `failure`, `error` or `skipped` inside it say
 * how it ended. A report is as hostile as the code that ran: one that is not well-formed to its end, or brings entities, says nothing.
 */
export function readJunit(reports: readonly string[]): TestResults {
  const reader = new ResultsReader()
  for (const xml of reports) {
    const { cases, suites, problem } = readOne(xml)
    if (problem !== undefined) reader.fail('the report', `not well-formed XML: ${problem}`)
    for (const { id, status, detail } of problem === undefined ? cases : []) reader.add(id, status, detail)
    for (const { name, detail } of suites) reader.fail(name, detail)
  }
  return reader
}

type Case = { readonly id: string; readonly status: TestStatus; readonly detail: string }
type Report = {
  readonly cases: readonly Case[]
  readonly suites: readonly { readonly name: string; readonly detail: string }[]
  readonly problem?: string
}

const endings: Readonly<Record<string, TestStatus>> = { failure: 'failed', error: 'failed', skipped: 'skipped' }

function readOne(xml: string): Report {
  const parser = sax.parser(true, { trim: false, position: false })
  const cases: Case[] = []
  const suites: { name: string; detail: string }[] = []
  let problem: string | undefined
  let suite = ''
  let test: Case | undefined
  parser.onopentag = ({ name, attributes }) => {
    const attribute = (key: string) => String(attributes[key] ?? '')
    if (name === 'testsuite') suite = attribute('name')
    if (name === 'testcase')
      test = { id: join(attribute('classname') || attribute('file'), attribute('name')), status: 'passed', detail: '' }
    const ending = endings[name]
    if (!ending) return
    if (!test) suites.push({ name: suite || 'a suite', detail: attribute('message') })
    else if (test.status !== 'failed') test = { ...test, status: ending, detail: attribute('message') }
  }
  parser.onclosetag = (name) => {
    if (name !== 'testcase' || !test) return
    cases.push(test)
    test = undefined
  }
  parser.onerror = ({ message }) => {
    problem ??= message.split('\n', 1)[0] ?? ''
  }
  for (let at = 0; at < xml.length && problem === undefined; at += piece) parser.write(xml.slice(at, at + piece))
  if (problem === undefined) parser.close()
  return { cases, suites, ...(problem === undefined ? {} : { problem }) }
}

/** Characters. Small, so that nothing is read far beyond an error. */
const piece = 16_384

const join = (suite: string, name: string) => (suite ? `${suite}::${name}` : name)
