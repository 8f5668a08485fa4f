import { type Provider, providerNames } from '../../domain/provider.ts'
import { globs } from '../../lib/globs.ts'

/** Whether a run may ask a model, by the globs of its agent's file: `claude-*`, `openai/gpt-*`, `!*-pro`. Without globs it may ask any. */
export function allowedModels(patterns: readonly string[] | undefined): (provider: Provider, model: string) => boolean {
  if (!patterns) return () => true
  const byProvider = new Map(providerNames.map((name) => [name, globs(patterns.flatMap((pattern) => patternFor(name, pattern)).map(flat))]))
  return (provider, model) => byProvider.get(provider)?.(flat(model)) ?? false
}

/** A name's slash separates nothing that a `*` has to stop at. */
const flat = (name: string) => name.replaceAll('/', ':')

function patternFor(provider: Provider, pattern: string): readonly string[] {
  const [, not = '', named, rest = ''] = /^(!?)(?:([a-z]+)\/)?(.*)$/s.exec(pattern) ?? []
  if (named === undefined || !providerNames.some((name) => name === named)) return [pattern]
  return named === provider ? [`${not}${rest}`] : []
}
