import { Problems, ProctorError } from '../domain/error.ts'

/** Waits for all, so that what is wrong with any of them is said in one go: `Problems`. What nobody foresaw is thrown as it is. */
export async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work)
  const failed = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
  if (failed.length > 0) throw together(failed)
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

/** Each problem once, however many samples share its cause. */
function together(failed: readonly unknown[]): unknown {
  const problems = failed.flatMap((reason) => (reason instanceof Problems ? reason.all : reason instanceof ProctorError ? [reason] : []))
  const unforeseen = failed.find((reason) => !(reason instanceof Problems) && !(reason instanceof ProctorError))
  return unforeseen ?? new Problems(distinctProblems(problems))
}

export function distinctProblems(problems: readonly ProctorError[]): ProctorError[] {
  return [...new Map(problems.map((problem) => [JSON.stringify([problem.code, problem.place, problem.message]), problem])).values()]
}

/** Makes a thing once per key; who comes second gets the same. */
export function once<K extends object, T>(known: Map<K, T>, key: K, make: () => T): T {
  const found = known.get(key) ?? make()
  known.set(key, found)
  return found
}
