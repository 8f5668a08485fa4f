import type { Shims } from '../world.ts'
import { checkRuns } from './check-runs.ts'

/** What the hub answers itself, or mends in the emulator's answer, by route of the description. */
export const shims: Shims = { ...checkRuns }
