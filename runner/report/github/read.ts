/**
 * Where results are shown, and what lies behind them. `sha` = the commit that they are about; `runUrl` = the page of what made them;
 * `reportUrl` = the whole report; `baseRef` = the branch that the base side is of; `notes` = what readers must know, one sentence each.
 */
export type Place = {
  readonly serverUrl: string
  /** owner/name */
  readonly repo: string
  readonly sha: string
  readonly runUrl: string
  readonly notes: readonly string[]
  readonly reportUrl?: string
  readonly baseRef?: string
}

/** The beginning of a file of the report's folder: at most so many bytes of it. Undefined when it is not there. */
export type ReadText = (path: string, bytes: number) => Promise<{ readonly text: string; readonly cut: boolean } | undefined>
