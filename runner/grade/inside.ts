import { readFileSync } from 'node:fs'

const sources = new Map<string, string>()

/** The text of a program of ours that runs inside a grading sandbox. Such files lie beside this one, in the bundle too. */
export function inside(name: 'fail_tests.py' | 'proctor_results.py' | 'read_tests.py'): string {
  const known = sources.get(name)
  if (known !== undefined) return known
  const source = readFileSync(new URL(`./inside/${name}`, import.meta.url), 'utf8')
  sources.set(name, source)
  return source
}
