import { senderOf } from '../webhooks/changes.ts'
import { pushed } from '../webhooks/pushes.ts'
import type { Shim, Shims } from '../world.ts'
import { refsOf } from './refs.ts'

/** Commits that the API makes are made in the emulator, and have to be in git too. */
const file: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  const { commit } = (answer.body ?? {}) as { commit?: { sha?: string } } // as the description has it
  if (answer.status < 300 && commit?.sha !== undefined && ask.known) {
    const branch = typeof ask.json.branch === 'string' ? ask.json.branch : 'main'
    const ref = `refs/heads/${branch}`
    const before = refsOf(ask.known, ref).find(({ name }) => name === ref)?.sha ?? '0'.repeat(40)
    await ask.known.mirror.fetch(commit.sha, ref)
    await pushed(world, ask.known, { push: { ref, before, after: commit.sha }, by: senderOf(ask) })
  }
  return answer
}

export const writes: Shims = {
  'PUT /repos/{owner}/{repo}/contents/{path}': file,
  'DELETE /repos/{owner}/{repo}/contents/{path}': file,
}
