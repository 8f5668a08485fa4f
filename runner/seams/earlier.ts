import type { Grade } from '../domain/grade.ts'
import type { Keys } from '../domain/plan.ts'
import type { RunRecord } from '../domain/record.ts'
import type { Origin } from '../domain/result.ts'

/** Results of an earlier plan that the door vouches for, such as those of the default branch. Their blobs are there when `find` has returned. */
export interface Earlier {
  /** A graded result with both keys that was scored, or nothing. */
  find(keys: Keys): Promise<{ readonly record: RunRecord; readonly grade: Grade; readonly origin: Origin } | undefined>
}
