import type { Generated } from 'kysely'
import type { Conclusion } from '../../../runner/domain/report.ts'
import type { Document, Maybe, MaybeDocument, Now } from './columns.ts'

export type Installations = {
  id: number
  account: string
  accountId: number
  accountType: string
  suspendedAt: Maybe<Date>
  removedAt: Maybe<Date>
  createdAt: Now
  /** As GitHub names them, such as issues: write. Null: nobody has asked yet. */
  permissions: MaybeDocument<Readonly<Record<string, string>>>
}

export type Repos = {
  id: number
  installationId: number
  owner: string
  name: string
  defaultBranch: Maybe<string>
  private: boolean
  tagsReadAt: Maybe<Date>
  removedAt: Maybe<Date>
  createdAt: Now
}

export type Tags = { repoId: number; name: string; commit: string; seenAt: Now }

export type DeliveryState = 'received' | 'handled' | 'ignored' | 'failed'

export type Deliveries = {
  id: string
  event: string
  action: Maybe<string>
  installationId: Maybe<number>
  repoId: Maybe<number>
  bodyDigest: string
  /** As it was sent: parsed JSON that nobody has checked. */
  body: Document<unknown>
  receivedAt: Now
  state: Generated<DeliveryState>
  note: Maybe<string>
}

export type MissedDeliveries = {
  id: string
  /** Names the attempt to redeliver. */
  githubId: number
  deliveredAt: Date
  /** How often it may be asked for. */
  most: number
  asked: Generated<number>
  askAt: Now
}
export type Scans = { name: string; until: Date }

export type Agents = { repoId: number; slug: string; name: string; firstSeen: Now }

export type AgentVersions = {
  repoId: number
  slug: string
  tag: string
  commit: string
  publishedAt: Maybe<Date>
  evaluationId: Maybe<string>
}

export type OutboxKind = 'checks' | 'comment' | 'release' | 'reaction' | 'reply'

export type Outbox = {
  id: string
  evaluationId: Maybe<string>
  kind: OutboxKind
  key: string
  payload: Document<unknown>
  state: Generated<'due' | 'done' | 'gone'>
  attempts: Generated<number>
  error: Maybe<string>
  notBefore: Now
  createdAt: Now
  doneAt: Maybe<Date>
}

export type CheckRuns = {
  evaluationId: string
  name: string
  githubId: number
  /** `asking`: completed on GitHub, until somebody acts. `given_up`: whatever GitHub shows, nobody can change it any more. */
  status: 'queued' | 'in_progress' | 'asking' | 'completed' | 'given_up'
  conclusion: Maybe<Conclusion>
  /** Of all that it was last made to say. */
  digest: Maybe<string>
  updatedAt: Now
}
