import type { ProctorError } from '../../runner/domain/error.ts'
import type { ErrorLine } from './database/evaluation-tables.ts'

/** An error as it is kept: what a reader needs to act on it, without a stack. */
export const errorLine = ({ code, message, place, log }: ProctorError): ErrorLine => ({
  code,
  message: message.slice(0, 4000),
  ...(place && { place }),
  ...(log !== undefined && { log: log.slice(-8000) }),
})
