import { z } from 'zod'
import { readable } from '../lib/globs.ts'

const Count = z.object({ asserts: z.number(), skips: z.number() })
/** What grade/inside/read_tests.py writes, by path. A test without counts is counted in its file's totals. */
export const TestFiles = z.record(
  z.string(),
  z.object({ tests: z.record(z.string(), Count.nullable()), asserts: z.number(), skips: z.number(), problem: z.string().optional() }),
)
export type TestFiles = z.infer<typeof TestFiles>

/**
 * How the tests of the work are weaker than those of the baseline: tests that are gone (moved ones are not), marks that skip or expect
 * failure, fewer assertions. One sentence each; new tests weaken nothing.
 */
export function weakenings(baseline: TestFiles, work: TestFiles): readonly string[] {
  const elsewhere = new Map(Object.values(work).flatMap(({ tests }) => Object.entries(tests)))
  return Object.entries(baseline).flatMap(([path, before]) => {
    const after = work[path]
    const name = readable(path)
    const unread = after?.problem && !before.problem ? [`${name} can no longer be read: ${after.problem}`] : []
    const files = after && !after.problem ? shrunk({ of: `${name}, outside of single tests,`, before, after }) : []
    const tests = Object.entries(before.tests).flatMap(([test, counts]) => {
      const now = after && Object.hasOwn(after.tests, test) ? after.tests[test] : elsewhere.get(test)
      if (now === undefined) return [`${name}: the test ${test} is gone`]
      return counts && now ? shrunk({ of: `${name}: the test ${test}`, before: counts, after: now }) : []
    })
    return [...unread, ...files, ...tests]
  })
}

type Counts = z.infer<typeof Count>

function shrunk({ of, before, after }: { of: string; before: Counts; after: Counts }): readonly string[] {
  return [
    ...(after.asserts < before.asserts ? [`${of} has ${after.asserts} assertions instead of ${before.asserts}`] : []),
    ...(after.skips > before.skips ? [`${of} has ${after.skips} marks that skip it or expect its failure instead of ${before.skips}`] : []),
  ]
}
