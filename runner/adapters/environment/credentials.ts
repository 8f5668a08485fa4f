import { ProctorError } from '../../domain/error.ts'
import type { Credentials } from '../../seams/credentials.ts'
import { openCredentialFile } from './credential-file.ts'

type Options = {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Where the encrypted file is. */
  readonly folder: string
}

/** Credentials of this machine: PROCTOR_CREDENTIAL_NAME of the environment, else the encrypted file. Nothing is granted that nobody meant to grant. */
export function openCredentials({ variables, folder }: Options): Credentials {
  const file = openStore({ variables, folder })
  const find = async (name: string) => variables[`PROCTOR_CREDENTIAL_${name}`] || (isGitName(name) ? undefined : await file.get(name))
  return {
    async resolve(names) {
      const found = await Promise.all(names.map(async (name) => [name, await find(name)] as const))
      const missing = found.flatMap(([name, value]) => (value ? [] : [name]))
      if (missing.length > 0)
        throw new ProctorError(
          'agent_secret_unresolved',
          `${missing.map((name) => `${name} (PROCTOR_CREDENTIAL_${name})`).join(', ')}: not set in the environment, and not stored with \`proctor credentials set\``,
        )
      return new Map(found.map(([name, value]) => [name, value ?? '']))
    },
    async storedToken(url) {
      const token = await file.get(gitName(url))
      if (!token)
        throw new ProctorError(
          'agent_secret_unresolved',
          `no token is stored for ${url}; \`proctor credentials set --git ${url}\` stores one`,
        )
      return token
    },
  }
}

/** The encrypted file itself, for those who fill it. */
export const openStore = ({ variables, folder }: Options) =>
  openCredentialFile({ folder, passphrase: variables.PROCTOR_CREDENTIALS_KEY || undefined })

/** What the token of a repository is called in the file. */
export const gitName = (url: string): string => `git:${url}`
/** Such a token opens its repository and nothing else: whoever writes an agent's file cannot have it under a name. */
const isGitName = (name: string) => name.startsWith(gitName(''))
