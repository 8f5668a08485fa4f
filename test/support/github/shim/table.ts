import type { Shims } from '../world.ts'
import { apps } from './apps.ts'
import { checkRuns } from './check-runs.ts'
import { checkSuites } from './check-suites.ts'
import { compare } from './compare.ts'
import { deliveries } from './deliveries.ts'
import { issues } from './issues.ts'
import { places } from './places.ts'
import { pulls } from './pulls.ts'
import { reactions } from './reactions.ts'
import { refs } from './refs.ts'
import { releases } from './releases.ts'
import { workflowRuns } from './workflow-runs.ts'
import { writes } from './writes.ts'

/** What the hub answers itself, or mends in the emulator's answer, by route of the description. */
export const shims: Shims = {
  ...apps,
  ...checkRuns,
  ...checkSuites,
  ...compare,
  ...deliveries,
  ...issues,
  ...places,
  ...pulls,
  ...reactions,
  ...refs,
  ...releases,
  ...workflowRuns,
  ...writes,
}
