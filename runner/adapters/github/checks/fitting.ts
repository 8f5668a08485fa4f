import { type GitHubError, hasStatus } from '../error.ts'
import type { Output } from './check-run.ts'

/** The same from rich to bare: GitHub counts otherwise than it says, and a check run whose result it does not take would stay open. */
export type Steps = readonly (() => Output | Promise<Output>)[]

type Sending<T> = { readonly send: (output: Output) => Promise<T>; readonly onRefused: (error: GitHubError) => void }

/** Sends the first that GitHub takes. Throws what the last one threw, and at once what is not about its content. */
export async function sendFitting<T>(steps: Steps, { send, onRefused }: Sending<T>): Promise<T> {
  let refused: unknown
  for (const step of steps) {
    const output = await step()
    try {
      return await send(output)
    } catch (error) {
      if (!hasStatus(error, 413, 422)) throw error
      onRefused(error)
      refused = error
    }
  }
  throw refused
}
