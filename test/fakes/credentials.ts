import { ProctorError } from '../../runner/domain/error.ts'
import type { Credentials } from '../../runner/seams/credentials.ts'

/** Credentials by name, and stored tokens by URL. */
export function fakeCredentials(values: Readonly<Record<string, string>>): Credentials {
  const find = (name: string) => {
    const value = values[name]
    if (value === undefined) throw new ProctorError('agent_secret_unresolved', `${name} is not set`)
    return value
  }
  return { resolve: async (names) => new Map(names.map((name) => [name, find(name)])), storedToken: async (url) => find(url) }
}

export const noCredentials = fakeCredentials({})
