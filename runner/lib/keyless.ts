import { providerOfKey } from '../domain/provider.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** A machine's environment without a key in it, for code of strangers: the machine may hold some that nobody gave to them. */
export const keyless = (variables: Variables): Variables => Object.fromEntries(Object.entries(variables).filter(([name]) => !isKey(name)))

/** Whether a variable is a key by its name: of a model provider, or a credential. */
export const isKey = (name: string): boolean =>
  name.startsWith('PROCTOR_CREDENTIAL') || name.endsWith('_API_KEY') || providerOfKey(name) !== undefined
