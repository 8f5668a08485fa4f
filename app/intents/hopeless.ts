import { ProctorError } from '../../runner/domain/error.ts'

/** What GitHub has just told of it may not find for some seconds: 404 is believed at the sixth try, after half a minute. */
const believedAfter = 6

/** GitHub says no, and would say so again: it is gone, it may not be, it makes no sense. Not of a token that is spent, nor of a limit. */
export function isRefused(error: unknown): boolean {
  const status = error instanceof ProctorError && 'status' in error ? Number(error.status) : undefined
  if (error instanceof ProctorError && error.code === 'github_refused') return status !== 401
  return status === 410 || status === 422 || status === 451
}

/** Whether trying again changes nothing. */
export const isHopeless = (error: unknown, attempt: number): boolean => attempt >= believedAfter && isRefused(error)
