import type { Intent } from '../events/intent.ts'
import type { WebWorld } from '../web/world.ts'

/** A comment of a person: a command, feedback, or talk. Gives a note for the delivery. */
export async function comment(_intent: Extract<Intent, { kind: 'comment' }>, _world: WebWorld): Promise<string> {
  return 'talk'
}
