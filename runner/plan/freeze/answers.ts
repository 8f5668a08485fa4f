import { dirname, relative, sep } from 'node:path'
import type { AgentFile } from '../../domain/agent.ts'
import { homeOf } from '../agent-source.ts'
import { within } from '../read/find-files.ts'
import { located, namedIn } from '../read/named-files.ts'
import type { Package, Written } from '../read/read-package.ts'

/** What of an agent's own folder is not its code, and must never reach its sandbox: its evals with what they expect, and all that they name. */
export const answers = (agent: Written<AgentFile>, found: Package): string[] => answersBelow(homeOf(agent), found)

/** The same of any folder of the package, links in its path resolved. Relative to it, with slashes. */
export function answersBelow(home: string, { evals, root, fence }: Pick<Package, 'evals' | 'root' | 'fence'>): string[] {
  const own = evals
    .flatMap((one) => located(namedIn(one), { folder: dirname(one.path), fence }))
    .flatMap((path) => (path !== home && within(home, path) ? [relative(home, path).replaceAll(sep, '/')] : []))
  const around = home === root ? ['agents', 'scenarios', '.github', '.proctor'] : []
  return [...new Set(['evals', ...around, ...own])].sort()
}
