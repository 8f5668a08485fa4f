import { type GitHub, ownerAndName } from '../client.ts'
import { hasStatus } from '../error.ts'

/** Completes those of these check runs that nobody completed. Every one is tried; throws the first error in the end. */
export async function closeChecks(github: GitHub, repo: string, ids: readonly number[], message: string): Promise<void> {
  const errors: unknown[] = []
  for (const id of ids) await close({ github, repo, id, message }).catch((error: unknown) => errors.push(error))
  if (errors.length > 0) throw errors[0]
}

async function close({ github, repo, id, message }: { github: GitHub; repo: string; id: number; message: string }): Promise<void> {
  const one = { ...ownerAndName(repo), check_run_id: id }
  try {
    const { data } = await github.api.rest.checks.get(one)
    if (data.status === 'completed') return
    const output = { title: 'No result', summary: message }
    await github.api.rest.checks.update({ ...one, status: 'completed', conclusion: 'cancelled', output })
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
}
