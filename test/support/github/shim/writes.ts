import type { Shim, Shims } from '../world.ts'

/** Commits that the API makes are made in the emulator, and have to be in git too. */
const file: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  const { commit } = (answer.body ?? {}) as { commit?: { sha?: string } } // as the description has it
  if (answer.status < 300 && commit?.sha !== undefined && ask.known) {
    const branch = typeof ask.json.branch === 'string' ? ask.json.branch : 'main'
    await ask.known.mirror.fetch(commit.sha, `refs/heads/${branch}`)
    await world.pulls.follow(ask.known.name, branch)
  }
  return answer
}

export const writes: Shims = {
  'PUT /repos/{owner}/{repo}/contents/{path}': file,
  'DELETE /repos/{owner}/{repo}/contents/{path}': file,
}
