import type { Batches, BlobUses, Chunks, Evaluations, Results, Samples, Scores, Troubles, Verdicts } from './evaluation-tables.ts'
import type {
  Agents,
  AgentVersions,
  CheckRuns,
  Deliveries,
  Installations,
  MissedDeliveries,
  Outbox,
  Repos,
  Scans,
  Tags,
} from './github-tables.ts'
import type { Baselines, ExpectedArtifacts, Feedback, Quarantined } from './people-tables.ts'
import type { Accounts, Claims, Credentials, ImageBuilds, MasterKeys, WorkerLogins, Workers } from './worker-tables.ts'

/** Rows as they are: columns are snake_case in the database; ids of GitHub are numbers, times are Dates, documents are objects. */
export type Tables = {
  readonly installations: Installations
  readonly repos: Repos
  readonly tags: Tags
  readonly deliveries: Deliveries
  readonly missedDeliveries: MissedDeliveries
  readonly scans: Scans
  readonly agents: Agents
  readonly agentVersions: AgentVersions
  readonly evaluations: Evaluations
  readonly batches: Batches
  readonly samples: Samples
  readonly chunks: Chunks
  readonly results: Results
  readonly scores: Scores
  readonly verdicts: Verdicts
  readonly outbox: Outbox
  readonly checkRuns: CheckRuns
  readonly feedback: Feedback
  readonly expectedArtifacts: ExpectedArtifacts
  readonly quarantined: Quarantined
  readonly baselines: Baselines
  readonly masterKeys: MasterKeys
  readonly accounts: Accounts
  readonly credentials: Credentials
  readonly workers: Workers
  readonly claims: Claims
  readonly imageBuilds: ImageBuilds
  readonly blobUses: BlobUses
  readonly troubles: Troubles
  readonly workerLogins: WorkerLogins
}
