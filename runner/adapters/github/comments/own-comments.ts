import type { GitHub } from '../client.ts'
import { pullThread } from './thread.ts'

/** What we said under an issue or a pull request, oldest first. `author` = our own login. */
export async function ownComments(
  github: GitHub,
  repo: string,
  { issue, author }: { readonly issue: number; readonly author: string },
): Promise<readonly string[]> {
  const all = await pullThread({ github, repo, pull: issue }).list()
  return all.filter(({ login }) => login === author).map(({ body }) => body)
}
