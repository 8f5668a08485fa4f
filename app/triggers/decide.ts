import type { TriggerFile } from '../../runner/domain/config.ts'
import { globs } from '../../runner/lib/globs.ts'
import { agentsOf } from '../../runner/plan/agents-of-tag.ts'
import type { Occasion } from '../events/intent.ts'

/** Empty lists = all. */
export type Wanted = { readonly evals: readonly string[]; readonly agents: readonly string[] }
/** `told`: somebody may require a verdict of this, so it is said why there is none. */
export type Decision = { readonly evaluate: Wanted } | { readonly skip: string; readonly told?: true }

/**
 * Whether the base's configuration wants this looked at, and which evals. A tag is a release of one agent or of all; one that names no
 * version is nobody's.
 */
export function decide(occasion: Occasion, triggers: TriggerFile | undefined, defaultBranch: string): Decision {
  switch (occasion.at) {
    case 'pull_request':
      return pullRequest(occasion, triggers?.pull_request)
    case 'merge_group':
      return triggers?.merge_queue === false ? { ...off('merge_queue'), told: true } : all(triggers?.merge_queue)
    case 'push': {
      const on = triggers?.push
      if (on === false) return off('push')
      const isWanted = on?.branches === undefined ? occasion.branch === defaultBranch : globs(on.branches)(latin1(occasion.branch))
      return isWanted ? all(on) : { skip: `the branch ${occasion.branch} is not among those of \`triggers.push\`` }
    }
    case 'tag': {
      const on = triggers?.tag
      if (on === false) return off('tag')
      const agents = agentsOf(occasion.tag)
      if (agents === 'none') return { skip: `the tag ${occasion.tag} is no version of an agent: <agent>@1.2.0, or v1.2.0 for all` }
      return { evaluate: { evals: on?.evals ?? [], agents: agents === 'all' ? [] : agents } }
    }
  }
}

function pullRequest(pull: Extract<Occasion, { at: 'pull_request' }>, on: TriggerFile['pull_request']): Decision {
  if (on === false) return off('pull_request')
  if (pull.isDraft && !on?.drafts) return { skip: 'the pull request is a draft' }
  if (on?.branches && !globs(on.branches)(latin1(pull.baseRef)))
    return { skip: `the base ${pull.baseRef} is not among those of \`triggers.pull_request\``, told: true }
  const labels = on?.labels
  if (labels && !labels.some((label) => pull.labels.includes(label)))
    return { skip: `it has none of the labels ${labels.join(', ')}`, told: true }
  // A label matters only to those who asked for labels; to all others nothing changed.
  if (pull.action === 'labeled' && !labels) return { skip: 'no label decides anything here' }
  return all(on)
}

const off = (trigger: string) => ({ skip: `\`triggers.${trigger}\` is false` })
const all = (on: { readonly evals?: readonly string[] | undefined } | undefined): Decision => ({
  evaluate: { evals: on?.evals ?? [], agents: [] },
})
/** Globs take names as bytes. */
const latin1 = (name: string) => Buffer.from(name).toString('latin1')
