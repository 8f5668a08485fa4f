import { z } from 'zod'
import { ResultsReader, type TestResults } from '../test-results.ts'

const Line = z.union([
  z.object({ root: z.string() }),
  z.object({ collected: z.string() }),
  z.object({ uncollected: z.string(), detail: z.string() }),
  z.object({ id: z.string(), when: z.string(), outcome: z.string(), detail: z.string() }),
])

/**
 * The lines that grade/inside/proctor_results.py wrote. A test passed when its body did and neither set-up nor tear-down failed;
 * an expected failure counts as skipped.
 */
export function readPytest(lines: string): TestResults {
  const reader = new ResultsReader()
  for (const text of lines.split('\n')) {
    const line = Line.safeParse(parse(text))
    if (!line.success) continue
    const { data } = line
    if ('root' in data) reader.root = data.root
    else if ('collected' in data) reader.update(data.collected, 'unrun')
    else if ('uncollected' in data) reader.fail(data.uncollected, data.detail)
    else if (data.outcome === 'failed') reader.update(data.id, 'failed', data.detail)
    else if (data.outcome === 'skipped') reader.update(data.id, 'skipped', data.detail)
    else if (data.outcome === 'passed' && data.when === 'call') reader.update(data.id, 'passed')
  }
  return reader
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The last line of a process that was killed, or one that the agent wrote: it says nothing.
    return undefined
  }
}
