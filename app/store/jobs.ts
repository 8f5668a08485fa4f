import type { Queue, SendOptions } from 'pg-boss'

/** What the queues carry: names only. What is to be done stands in the rows. */
export type Jobs = {
  readonly ingest: { readonly delivery: string }
  /** GitHub's tarballs of an evaluation, into blobs. */
  readonly fetch: { readonly evaluation: string }
  readonly plan: { readonly evaluation: string }
  readonly chunk: { readonly evaluation: string; readonly index: number; readonly of: number }
  readonly conclude: { readonly evaluation: string }
  readonly publish: { readonly evaluation: string }
  readonly seal: { readonly job: string; readonly fence: number }
  /** A plan or a chunk that was tried as often as it may be. */
  readonly lost: { readonly evaluation: string; readonly index?: number; readonly of?: number }
  readonly reconcile: Readonly<Record<string, never>>
  readonly poll: Readonly<Record<string, never>>
  readonly retain: Readonly<Record<string, never>>
}
export type JobName = keyof Jobs

export type Sending = Pick<SendOptions, 'id' | 'priority' | 'group' | 'singletonKey' | 'singletonSeconds' | 'startAfter' | 'retryLimit'>

const minutes = 60
const hours = 60 * minutes

/** Retries are for what the machine did. A worker's job may be killed under it many times: what it kept is never done again. */
const forWeb: Omit<Queue, 'name'> = {
  retryLimit: 10,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 60,
  expireInSeconds: 15 * minutes,
  notify: true,
}
const forWorkers: Omit<Queue, 'name'> = {
  retryLimit: 8,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 60,
  expireInSeconds: 12 * hours,
  deadLetter: 'lost',
  partition: true,
}
/**
 * As long as GitHub keeps a delivery, and ever less often: an outage of its API or of ours is longer than any number of quick tries. Of one
 * delivery there is one job, waiting or in hands.
 */
const forDeliveries: Omit<Queue, 'name'> = { ...forWeb, policy: 'exclusive', retryLimit: 500, retryDelayMax: 15 * minutes }
const byClock: Omit<Queue, 'name'> = { ...forWeb, policy: 'stately', retryLimit: 0, notify: false }

/**
 * `lost` stands first: others name it. One publisher at a time for an evaluation, and one that waits, is all that is needed: it shows what
 * the rows say when its turn comes.
 */
export const queues: Readonly<Record<JobName, Omit<Queue, 'name'>>> = {
  lost: forWeb,
  ingest: forDeliveries,
  fetch: { ...forWeb, policy: 'stately' },
  plan: forWorkers,
  chunk: forWorkers,
  conclude: { ...forWeb, policy: 'stately', partition: true },
  publish: { ...forWeb, policy: 'stately' },
  seal: { ...forWeb, partition: true },
  reconcile: byClock,
  poll: byClock,
  retain: byClock,
}
