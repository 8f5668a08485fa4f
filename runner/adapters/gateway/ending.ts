import type { Code } from '../../domain/error.ts'
import type { Trouble } from '../../domain/model-call.ts'
import type { Ended } from '../../domain/record.ts'

/** Sees how a run's calls went, and says when there is no point in more of them. */
export type Ending = {
  readonly over: AbortSignal
  readonly ended: Ended | undefined
  spent(limit: 'cost' | 'tokens'): void
  /** A model answered. */
  answered(): void
  /** A call failed, and not because of the agent. */
  failed(trouble: Trouble, message: string): void
  /** Of the last call, if it failed. */
  trouble(): { readonly code: Code; readonly message: string } | undefined
}

/** `failures` in a row end the run; a key that was refused and an answer that is not recorded do so at once, for asking again cannot help. */
export function openEnding(failures: number): Ending {
  const controller = new AbortController()
  let ended: Ended | undefined
  let last: { readonly code: Code; readonly message: string } | undefined
  let inRow = 0
  const end = (how: Ended) => {
    ended ??= how
    controller.abort()
  }
  return {
    over: controller.signal,
    get ended() {
      return ended
    },
    spent: (limit) => end({ as: 'limit', limit }),
    answered() {
      inRow = 0
      last = undefined
    },
    failed(trouble, message) {
      last = { code: codes[trouble] ?? 'model_upstream_failed', message }
      inRow += 1
      if (codes[trouble]) end({ as: 'error', ...last })
      else if (inRow >= failures)
        end({ as: 'error', code: last.code, message: `${inRow} calls in a row failed, the last one so: ${message}` })
    },
    trouble: () => last,
  }
}

/** Of troubles that end a run at once. */
const codes: Partial<Record<Trouble, Code>> = { 'key refused': 'model_key_refused', 'not recorded': 'cassette_miss' }
