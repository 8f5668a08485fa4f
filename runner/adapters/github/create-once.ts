import type { GitHub } from './client.ts'
import { GitHubError, hasStatus } from './error.ts'

/** What creates one thing, and what finds it if it is there already. `onRepeat`: it was not found, so it is created again. */
type Creation<T> = {
  readonly github: GitHub
  readonly create: () => Promise<T>
  readonly find: () => Promise<T | undefined>
  readonly onRepeat?: () => void
}
const tries = 3

/**
 * Creates it, and never twice: an answer that was lost may have been to a request that was done, so GitHub is asked before it is sent
 * again. Throws what the last try threw.
 */
export async function createOnce<T>({ github, create, find, onRepeat }: Creation<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await create()
    } catch (error) {
      if (!isPassing(error)) throw error
      await github.wait(tried ** 2) // it may show up a moment later
      const found = await find()
      if (found !== undefined) return found
      if (tried === tries) throw error
      onRepeat?.()
    }
  }
}

const isPassing = (error: unknown): boolean => (error instanceof GitHubError && error.isLost) || hasStatus(error, 409)
