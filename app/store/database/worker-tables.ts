import type { Generated } from 'kysely'
import type { Maybe, MaybeDocument, Now } from './columns.ts'

/** `proof` opens with the right master key only. */
export type MasterKeys = { id: string; salt: Buffer; proof: Buffer; createdAt: Now }

export type Credentials = {
  organisation: string
  name: string
  version: number
  keyId: string
  wrapped: Buffer
  data: Buffer
  setBy: string
  createdAt: Now
}

/** The login, in lower case, that an account has; or a name that no login has, while another account has it. */
export type Accounts = { accountId: number; login: string }

export type Workers = {
  id: string
  name: string
  organisations: Maybe<readonly string[]>
  publicKey: string
  /** The login of the database that made it. */
  login: Generated<string>
  startedAt: Now
  seenAt: Now
}

/** The job that builds an image for its organisation. */
export type ImageBuilds = { organisation: string; jobId: string; fence: number; since: Now }

/** Logins of the database for workers; `organisations` null = all. */
export type WorkerLogins = { login: string; organisations: Maybe<readonly string[]>; createdAt: Now }

export type Claims = {
  jobId: string
  fence: number
  kind: 'plan' | 'chunk'
  workerId: string
  evaluationId: string
  organisation: string
  claimedAt: Now
  wanted: MaybeDocument<readonly string[]>
  publicKey: Maybe<string>
  /** What web sealed for this claim's key alone. */
  sealed: MaybeDocument<unknown>
}
