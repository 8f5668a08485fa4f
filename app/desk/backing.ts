import type { FolderBlobs } from '../../runner/adapters/preset.ts'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import type { Credentials } from '../../runner/seams/credentials.ts'
import type { Records } from '../../runner/seams/records.ts'
import { joined } from '../store/records.ts'
import type { Claim, Desk } from './desk.ts'
import type { SealingKey } from './seal.ts'

/** Whoever holds a claim that is gone stops, and keeps nothing more. */
export class ClaimLost extends Error {}

/** Of these a run says nothing but that its machine has no engine: another try, or another machine, has one. */
const enginesFaults = ['engine_unreachable', 'engine_deadline'] as const

type At = { readonly desk: Desk; readonly claim: Claim }

/** The results of a claim's evaluation, kept through the desk. */
function deskRecords({ desk, claim }: At): Records {
  let begun: Plan | undefined
  const expect = (id: string) => {
    if (begun?.id !== id) throw new ProctorError('internal_error', `this job has no plan ${id}`)
    return begun
  }
  return {
    async begin(plan) {
      begun = plan
    },
    async keep(plan, result) {
      expect(plan)
      const { verdict, code } = result.grade
      const fault = verdict === 'unscored' ? enginesFaults.find((one) => one === code) : undefined
      if (fault) throw new ProctorError(fault, 'this worker has no engine any more: the job is tried again')
      if (!(await desk.keep(claim, result))) throw new ClaimLost()
    },
    results: async (plan) => joined(expect(plan), await desk.results(claim)),
    find: (keys) => desk.find(claim, keys),
  }
}

type Asking = At & { readonly key: SealingKey; readonly allowed: boolean }

/** Credentials of the claim's organisation, sealed for this process. A job that may have none is told so by name. */
function deskCredentials({ desk, claim, key, allowed }: Asking): Credentials {
  async function values(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (names.length === 0) return new Map()
    if (!allowed) throw unresolved(names, 'this comes from a fork, and was approved without credentials')
    const sealed = await desk.credentials(claim, names, key.publicKey)
    if (!sealed) throw new ProctorError('records_unwritable', 'the server did not hand out the credentials of this job in time')
    if (sealed.missing.length > 0)
      throw unresolved(sealed.missing, 'not stored with `proctor credentials set`, or not granted to what is run here')
    return key.open(sealed, claim.job)
  }
  return {
    resolve: values,
    async storedToken(url) {
      const name = `git:${url}`
      return (await values([name])).get(name) ?? ''
    },
  }
}

const unresolved = (names: readonly string[], why: string) => new ProctorError('agent_secret_unresolved', `${names.join(', ')}: ${why}`)

/** What a job of the engine works on, in the place of an output folder. */
export const backingOf = (at: Asking, blobs: FolderBlobs) => ({
  records: deskRecords(at),
  blobs,
  publisher: { publish: async () => {} },
  credentials: deskCredentials(at),
  earlier: { find: (keys: Parameters<Desk['earlier']>[1]) => at.desk.earlier(at.claim, keys) },
})
