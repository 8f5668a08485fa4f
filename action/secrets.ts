import { setSecret } from '@actions/core'
import { isKey } from '../runner/lib/keyless.ts'
import { formsOf } from '../runner/lib/secret-forms.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The runner masks what it knows as a secret, and only as it stands: here it learns every form in which one could come out by accident. */
export function maskSecrets(variables: Variables, token: string): void {
  const values = Object.entries(variables).flatMap(([name, value]) => (value && isKey(name) ? [value] : []))
  for (const form of new Set([token, ...values].flatMap((value) => [...formsOf(value)]))) if (form.length >= 8) setSecret(form)
}
