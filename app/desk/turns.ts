import { setTimeout as wait } from 'node:timers/promises'
import type { BuildTurns } from '../../runner/adapters/preset.ts'
import { ClaimLost } from './backing.ts'
import type { Brief, Claim, Desk } from './desk.ts'

type Building = { readonly desk: Desk; readonly claim: Claim; readonly brief: Pick<Brief, 'asked'> }
const lookEveryMs = 1000

/** An organisation builds one image at a time: its jobs take turns, wherever they are. */
export const deskTurns = ({ desk, claim, brief }: Building): BuildTurns => ({
  since: new Date(brief.asked),
  async take(signal) {
    for (;;) {
      signal.throwIfAborted()
      const turn = await desk.takeBuild(claim)
      if (turn === 'lost') throw new ClaimLost()
      // One that cannot be given back ends with its claim.
      if (turn === 'yours') return { [Symbol.asyncDispose]: () => desk.endBuild(claim).catch(() => {}) }
      await wait(lookEveryMs, undefined, { signal })
    }
  },
})
