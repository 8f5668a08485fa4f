import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { digest, digestStream } from '../../lib/digest.ts'
import { within } from '../read/find-files.ts'
import { realPath } from '../read/inside.ts'
import { located, namedByScenario, namedIn } from '../read/named-files.ts'
import type { Package } from '../read/read-package.ts'

/** What the base supplies and head has otherwise, or only one of them has: files and folders of evals, scenarios and configuration. Agents' own code is none of it. */
export async function altered(base: Package, head: Package): Promise<string[]> {
  const names = [...new Set([base, head].flatMap(supplied))].sort()
  const found: string[] = []
  for (const name of names) {
    const [before, now] = await Promise.all([base, head].map(({ fence }) => state(join(fence, name), fence)))
    if (before !== now) found.push(name)
  }
  return found
}

function supplied({ fence, top, evals, scenarios, config, problems, agentProblems }: Package): string[] {
  const paths = [
    ...[...evals, ...scenarios, ...(config ? [config] : [])].map(({ path }) => path),
    ...problems.flatMap((problem) => (problem.place && !agentProblems.includes(problem) ? [join(top, problem.place.file)] : [])),
    ...evals.flatMap((one) => {
      const { scenario } = one.value
      const names = [...namedIn(one), ...(typeof scenario === 'object' ? namedByScenario(scenario) : [])]
      return located(names, { folder: dirname(one.path), fence })
    }),
    ...scenarios.flatMap(({ value, path }) => located(namedByScenario(value), { folder: dirname(path), fence })),
  ]
  return paths.map((path) => relative(fence, path).replaceAll(sep, '/'))
}

/** What is at a path, in a word that is equal exactly for what is equal. No link is followed; nothing outside of the fence is read. */
async function state(path: string, fence: string): Promise<string> {
  const folder = realPath(dirname(path))
  if (folder === undefined || !within(fence, folder)) return 'nothing'
  const found = await lstat(path).catch(() => undefined)
  if (!found) return 'nothing'
  if (found.isSymbolicLink()) return `link ${await readlink(path)}`
  if (found.isFile()) return `file ${found.mode & 0o100} ${(await digestStream(createReadStream(path))).digest}`
  if (!found.isDirectory()) return 'something else'
  const names = (await readdir(path)).sort()
  const states: string[] = []
  for (const name of names) states.push(await state(join(path, name), fence))
  return `folder ${digest([names, states])}`
}
