import { ResultsReader, type TestResults } from '../test-results.ts'

const point = /^(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*)$/
const directive = /(?:^|\s)#\s*(skip|todo)\b\S*\s*(.*)$/i

/**
 * TAP 12 to 14 as it stands between other output. Subtests are indented by four; their ids are the descriptions on the way, joined by ` > `.
 * Only test points are read: the YAML between them is the agent's word, and says nothing that counts.
 */
export function readTap(text: string): TestResults {
  const reader = new ResultsReader()
  const above: string[] = []
  let inYaml = false
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd()
    const content = line.trimStart()
    const depth = Math.floor((line.length - content.length) / 4)
    if (content === '---' || content === '...') inYaml = content === '---'
    if (inYaml) continue
    const subtest = /^# Subtest: (.*)$/.exec(content)?.[1]
    if (subtest !== undefined) above.splice(depth, above.length, subtest)
    if (/^Bail out!/.test(content)) reader.fail('the run', content)
    const found = point.exec(content)
    if (!found) continue
    const marked = directive.exec(found[2] ?? '')
    const description = (found[2] ?? '')
      .replace(directive, '')
      .replaceAll(/\\([\\#])/g, '$1')
      .trim()
    const id = [...above.slice(0, depth), description || 'unnamed'].join(' > ')
    // A point that fails although it is to be done is as expected as one that was left out.
    reader.add(id, marked ? 'skipped' : found[1] ? 'failed' : 'passed', marked?.[2] ?? '')
  }
  return reader
}
