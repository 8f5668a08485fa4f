import type { Exercise } from '../domain/plan.ts'
import { globs } from '../lib/globs.ts'
import { isTestFile } from '../lib/test-files.ts'
import type { Change } from '../seams/room.ts'
import type { Baseline } from '../seams/trees.ts'
import { isRunnerHook } from './runner-hooks.ts'

export type Why = Change['withheld'][number]['why']
/** `type: gone` = the path was deleted. */
export type Changed = { readonly path: string; readonly type: 'file' | 'link' | 'gone' }
/** `withTests` = what enters when a scorer asks for the agent's own test files as well. */
export type Filtered = {
  readonly entering: ReadonlySet<string>
  readonly withTests: ReadonlySet<string>
  readonly withheld: ReadonlyMap<string, Why>
}
export type Rules = Pick<Exercise, 'editable' | 'protected' | 'hooks' | 'grading'>

/** What of the agent's changes is laid over the pristine tree that grading sees. Pure. */
export function filterWork(changes: readonly Changed[], baseline: Baseline, rules: Rules): Filtered {
  if (rules.grading === 'live') {
    const all = new Set(changes.map(({ path }) => path))
    return { entering: all, withTests: all, withheld: new Map() }
  }
  const withheld = withhold(changes, baseline, judge(rules))
  const tests = withhold(changes, baseline, (path) => (isTestFile(path) && !isHook(path, rules) ? undefined : judge(rules)(path)))
  const entering = (out: ReadonlyMap<string, Why>) => new Set(changes.map(({ path }) => path).filter((path) => !out.has(path)))
  return { entering: entering(withheld), withTests: entering(tests), withheld }
}

/** First reason that applies. What the author protects stays, whatever else is said about it. */
function judge(rules: Rules): (path: string) => Why | undefined {
  const isProtected = globs(rules.protected)
  const isEditable = rules.editable.length === 0 ? undefined : globs(rules.editable)
  const isAllowedHook = globs(rules.hooks)
  return (path) => {
    if (isProtected(path)) return 'protected'
    if (isRunnerHook(path) && !isAllowedHook(path)) return 'runner hook'
    if (isEditable) return isEditable(path) ? undefined : 'not editable'
    return isTestFile(path) ? 'test file' : undefined
  }
}

const isHook = (path: string, rules: Rules) => isRunnerHook(path) && !globs(rules.hooks)(path)

/** A path can only enter when what it displaces may go too: a link in place of a folder takes every file of that folder with it. */
function withhold(changes: readonly Changed[], baseline: Baseline, why: (path: string) => Why | undefined): Map<string, Why> {
  const out = new Map<string, Why>()
  const leaving = new Set<string>()
  for (const { path, type } of changes) {
    const reason = why(path)
    if (reason) out.set(path, reason)
    else if (type === 'gone') leaving.add(path)
  }
  const folders = staying(baseline, leaving, changes)
  for (const { path, type } of changes) {
    if (out.has(path)) continue
    const inTheWay = type === 'gone' ? undefined : (folders.get(path) ?? blockedBy(path, baseline, leaving))
    if (inTheWay !== undefined) out.set(path, why(inTheWay) ?? 'not editable')
  }
  return out
}

/** Folders of the baseline that a new file or link would replace, each with a file that has to stay in it. */
function staying(baseline: Baseline, leaving: ReadonlySet<string>, changes: readonly Changed[]): Map<string, string> {
  const replaced = new Set(changes.filter(({ path, type }) => type !== 'gone' && !baseline.entries.has(path)).map(({ path }) => path))
  const found = new Map<string, string>()
  if (replaced.size === 0) return found
  for (const path of baseline.entries.keys()) {
    if (leaving.has(path)) continue
    for (const parent of parents(path)) if (replaced.has(parent)) found.set(parent, path)
  }
  return found
}

/** A file or link of the baseline that has to stay, where the path needs a folder. */
function blockedBy(path: string, baseline: Baseline, leaving: ReadonlySet<string>): string | undefined {
  for (const parent of parents(path)) if (baseline.entries.has(parent) && !leaving.has(parent)) return parent
  return undefined
}

function* parents(path: string): Generator<string> {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) yield path.slice(0, at)
}
