import type { BlobRef, Digest } from '../../../runner/domain/blob.ts'
import type { Document, Maybe, Now } from './columns.ts'

type Rating = 'pass' | 'fail' | 'partial' | 'none'

export type Feedback = {
  id: string
  repoId: number
  runId: Maybe<string>
  evaluationId: Maybe<string>
  agent: Maybe<string>
  eval: Maybe<string>
  sampleId: Maybe<string>
  rating: Rating
  body: string
  author: string
  authorId: number
  /** From somebody with write permission. What strangers say reaches neither judge nor baseline. */
  trusted: boolean
  url: string
  key: string
  createdAt: Now
}

export type ExpectedArtifacts = {
  id: string
  repoId: number
  runId: string
  agent: string
  eval: string
  sampleId: string
  name: string
  blob: Document<BlobRef>
  digest: Digest
  author: string
  authorId: number
  url: string
  key: string
  createdAt: Now
}

export type Quarantined = {
  repoId: number
  agent: string
  eval: string
  sampleId: string
  author: string
  url: string
  createdAt: Now
}

export type Baselines = {
  repoId: number
  agent: string
  eval: string
  sampleId: string
  key: Digest
  evaluationId: string
  runId: string
  acceptedBy: Maybe<string>
  createdAt: Now
}
