import { builtIn } from '../builtin-agents.ts'
import type { Package } from '../read/read-package.ts'
import type { Asked } from '../select-evals.ts'
import type { Pull } from './read-pull.ts'

/** What of the names that were asked for is here. A name that is nowhere stays, and is refused. Undefined: nothing that was asked for is here. */
export function askedOf(here: Package, { base, decides, proposes }: Pull, { agents, evals }: Asked): Asked | undefined {
  const names = (of: 'agents' | 'evals', found: Package) => found[of].map(({ value }) => value.name)
  const left = (of: 'agents' | 'evals', asked: readonly string[]) => {
    const own: readonly string[] = of === 'agents' ? [...names(of, here), ...builtIn] : names(of, here)
    const elsewhere = new Set([base, decides, proposes].flatMap((found) => names(of, found)))
    return asked.filter((name) => own.includes(name) || !elsewhere.has(name))
  }
  const still = { agents: left('agents', agents), evals: left('evals', evals) }
  const isNone = (asked: readonly string[], rest: readonly string[]) => asked.length > 0 && rest.length === 0
  return here.evals.length === 0 || isNone(agents, still.agents) || isNone(evals, still.evals) ? undefined : still
}
