import { createHash } from 'node:crypto'
import type { Conclusion } from '../../../domain/report.ts'

/** What was last written to a check run. `asking`: completed on GitHub, and goes on when somebody acts. `digest` = of all that it said. */
export type Written = {
  readonly id: number
  readonly status: 'queued' | 'in_progress' | 'asking' | 'completed'
  readonly conclusion?: Conclusion
  readonly digest: string
}
/**
 * What was written, kept beyond the process: then whoever has it is the only one who writes these check runs, and what they said before
 * is never a result of somebody else's.
 */
export type Memory = {
  /** By the names of the check runs. */
  readonly written: ReadonlyMap<string, Written>
  keep(name: string, written: Written): Promise<void>
}

export const digestOf = (said: unknown): string => createHash('sha256').update(JSON.stringify(said)).digest('base64url')
