import { randomInt } from 'node:crypto'
import { posix } from 'node:path'
import { deflateSync } from 'node:zlib'
import { inside } from './inside.ts'
import { runSuite, type Suite } from './run-suite.ts'
import { succeeded } from './shell.ts'

/**
 * Tests that passed must fail once their bodies do. Where they still pass, what reports them is not the tests: the code under test has
 * tampered with the runner. `root`: what the untouched baseline said of the folder that ids are relative to. Says what is wrong, or undefined when every test failed as it has to, or when the suite has no control.
 */
export async function negativeControl(suite: Suite, passed: readonly string[], root = ''): Promise<string | undefined> {
  const how = suite.options.format === 'pytest' ? failing(passed, root) : suite.options.negative_control
  if (!how) return undefined
  const { ended, results } = await runSuite(suite, { tree: 'work', ...how })
  const still = passed.filter((id) => results.tests.get(id)?.status === 'passed')
  if (still.length > 0) return `${lie} ${still.length} of ${passed.length} passed again, first ${still[0]}.`
  if (succeeded(ended)) return `${lie} The command exited 0.`
  const silent = passed.filter((id) => !results.tests.has(id) || results.tests.get(id)?.status === 'unrun')
  if (silent.length > 0)
    return `With failing bodies, ${silent.length} of ${passed.length} tests did not report at all, first ${silent[0]}, so nothing shows that they can fail.`
  return undefined
}

export const hasControl = ({ options }: Suite): boolean => options.format === 'pytest' || options.negative_control !== undefined

const lie = 'The test run reports success whatever the tests say: run again with bodies that fail,'

/** The words of an ordinary failed assertion, other ones each time. */
function failing(passed: readonly string[], root: string) {
  const message = `assert ${randomInt(2, 9_000)} == ${randomInt(9_000, 90_000)}`
  return {
    failing: {
      message,
      wrap: (command: readonly string[]) => [
        '/usr/bin/python3',
        '-I',
        '-S',
        '-c',
        inside('fail_tests.py'),
        message,
        targets(passed, root),
        ...command,
      ],
    },
  }
}

/** By file, the functions behind test ids. What is too much for a command line is left to the plugin. */
function targets(ids: readonly string[], root: string): string {
  const byFile = new Map<string, Set<string>>()
  for (const id of ids) {
    const [file = '', ...names] = (id.split('[', 1)[0] ?? '').split('::')
    if (!file.endsWith('.py') || names.length === 0) continue
    byFile.set(file, (byFile.get(file) ?? new Set()).add(names.join('.')))
  }
  const lists = Object.fromEntries([...byFile].map(([file, names]) => [posix.join(root, file), [...names]]))
  const packed = deflateSync(JSON.stringify(lists)).toString('base64')
  return packed.length < 120_000 ? packed : deflateSync('{}').toString('base64')
}
