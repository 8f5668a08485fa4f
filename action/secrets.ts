import { setSecret } from '@actions/core'
import { providerOfKey } from '../runner/domain/provider.ts'
import { formsOf } from '../runner/lib/secret-forms.ts'

type Variables = Readonly<Record<string, string | undefined>>
const isSecret = (name: string) => name.startsWith('PROCTOR_CREDENTIAL') || name.endsWith('_API_KEY') || providerOfKey(name) !== undefined

/** The runner masks what it knows as a secret, and only as it stands: here it learns every form in which one could come out by accident. */
export function maskSecrets(variables: Variables, token: string): void {
  const values = Object.entries(variables).flatMap(([name, value]) => (value && isSecret(name) ? [value] : []))
  for (const form of new Set([token, ...values].flatMap((value) => [...formsOf(value)]))) if (form.length >= 8) setSecret(form)
}

/** For code of strangers: a machine of one's own may hold keys that no fork was ever given. */
export const withoutSecrets = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !isSecret(name)))
