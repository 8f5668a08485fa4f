import { ProctorError } from '../../domain/error.ts'
import { firstOf } from './accounts.ts'

/** How long a provider may take, in ms. `stream` and `whole`: until such an answer begins; `idle`: without a byte of it. */
export type Patience = { readonly stream: number; readonly whole: number; readonly idle: number }

/** A model may think long before it streams on, but a stream that is accepted begins at once. */
const usual: Patience = { stream: 120_000, whole: 600_000, idle: 600_000 }

/** PROCTOR_MODEL_TIMEOUT_S overrides all three. Throws `usage_invalid` when it is no time. */
export function readPatience(variables: Readonly<Record<string, string | undefined>>): Patience {
  const set = firstOf(variables, ['PROCTOR_MODEL_TIMEOUT_S'])
  if (!set) return usual
  const ms = Number(set.value) * 1000
  if (!(ms > 0 && ms <= 86_400_000))
    throw new ProctorError('usage_invalid', `${set.name} is "${set.value}": accepted are seconds, above 0 and up to 86400`)
  return { stream: ms, whole: ms, idle: ms }
}
