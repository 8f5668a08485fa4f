import type { Digest } from './blob.ts'
import type { Grade } from './grade.ts'
import type { Run } from './plan.ts'
import type { RunRecord } from './record.ts'

/** `reused`: an earlier plan paid for it, with the same keys; nothing of it was run again. */
export type Result = { readonly run: Run; readonly record: RunRecord; readonly grade: Grade; readonly reused?: Origin }
export type Origin = { readonly plan: Digest; readonly commit: string }
