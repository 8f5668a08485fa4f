import type { GitHubDoor } from '../github-door.ts'
import type { Store } from '../store/open.ts'

type Memory = NonNullable<Parameters<GitHubDoor['openChecks']>[0]['memory']>

/** What the check runs of an evaluation were last made to say: what they say already is not written again, whoever writes next. */
export async function checkMemory(evaluationId: string, { checkRuns }: Pick<Store, 'checkRuns'>): Promise<Memory> {
  const written = new Map<string, Memory['written'] extends ReadonlyMap<string, infer W> ? W : never>()
  for (const { name, githubId: id, status, conclusion, digest } of await checkRuns.of(evaluationId))
    if (status !== 'given_up') written.set(name, { id, status, ...(conclusion !== null && { conclusion }), digest: digest ?? '' })
  return {
    written,
    keep: (name, { id: githubId, status, conclusion, digest }) =>
      checkRuns.save({ evaluationId, name, githubId, status, digest, ...(conclusion !== undefined && { conclusion }) }),
  }
}
