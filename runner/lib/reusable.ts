import { explain } from '../domain/error.ts'
import type { Ended } from '../domain/record.ts'

/** A run that the machine broke, or that was stopped, says nothing that another attempt could build on. */
export const isReusable = (ended: Ended): boolean =>
  ended.as === 'completed' || ended.as === 'limit' || (ended.as === 'error' && explain(ended.code).class === 'agent')
