/** Agents that every repository has: one that knows the solution, and one that does nothing. Their names are taken. */
export const builtIn = ['oracle', 'no-op'] as const
export type BuiltIn = (typeof builtIn)[number]

const names: ReadonlySet<string> = new Set(builtIn)
export const isBuiltIn = (name: string): name is BuiltIn => names.has(name)
