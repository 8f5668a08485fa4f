import { ProctorError } from '../../domain/error.ts'
import type { Credentials } from '../../seams/credentials.ts'

/** Credentials from the host's environment: PROCTOR_CREDENTIAL_NAME, so that nothing is granted that nobody meant to grant. */
export function openCredentials(variables: Readonly<Record<string, string | undefined>>): Credentials {
  return {
    async resolve(names) {
      const variable = (name: string) => `PROCTOR_CREDENTIAL_${name}`
      const missing = names.filter((name) => !variables[variable(name)])
      if (missing.length > 0)
        throw new ProctorError(
          'agent_secret_unresolved',
          `${missing.map(variable).join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
        )
      return new Map(names.map((name) => [name, variables[variable(name)] ?? '']))
    },
    async storedToken(url) {
      throw new ProctorError('agent_secret_unresolved', `no token is stored for ${url}`)
    },
  }
}
