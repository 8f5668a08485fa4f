/**
 * What a code means. `class`: whose fault; `verdict`: what it makes of the run it ended (`none` = it stops before any run);
 * `retry`: worth another attempt without a change; `exit`: of the CLI; `conclusion`: of the check run; `who` must act; `next` step.
 */
export type Entry = {
  readonly class: 'agent' | 'author' | 'infrastructure'
  readonly verdict: 'fail' | 'unscored' | 'none'
  readonly retry: boolean
  readonly exit: 1 | 2 | 3
  readonly conclusion: 'failure' | 'neutral' | 'action_required'
  readonly who: string
  readonly what: string
  readonly next: string
}

/** An author or admin must act. */
export const author = (who: string, what: string, next: string): Entry => ({
  class: 'author',
  verdict: 'none',
  retry: false,
  exit: 2,
  conclusion: 'action_required',
  who,
  what,
  next,
})
