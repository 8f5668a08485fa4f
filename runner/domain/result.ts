import type { Grade } from './grade.ts'
import type { Run } from './plan.ts'
import type { RunRecord } from './record.ts'

export type Result = { readonly run: Run; readonly record: RunRecord; readonly grade: Grade }
