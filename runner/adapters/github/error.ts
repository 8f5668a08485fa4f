import { type Code, ProctorError } from '../../domain/error.ts'
import { oneLine } from '../../report/plain.ts'
import { permissionFor } from './permission.ts'

/** `status` is undefined when there was no answer, or a broken one. */
export class GitHubError extends ProctorError {
  readonly status: number | undefined

  constructor(code: Code, message: string, { status, cause }: { readonly status: number | undefined; readonly cause: unknown }) {
    super(code, message, { cause })
    this.status = status
  }

  /** Nobody knows whether GitHub did what it was asked for. */
  get isLost(): boolean {
    return this.status === undefined || this.status >= 500
  }
}

export const hasStatus = (error: unknown, ...statuses: number[]): error is GitHubError =>
  error instanceof GitHubError && error.status !== undefined && statuses.includes(error.status)

/** The token may not do this; asking again changes nothing. */
export const isRefusal = (error: unknown): error is GitHubError =>
  error instanceof GitHubError && error.code === 'github_refused' && error.status !== 401

type Asked = { readonly method: string; readonly url: string }
type Failed = {
  readonly message: string
  readonly status?: number
  readonly request?: Asked
  readonly response?: { readonly headers: Readonly<Record<string, string | number | undefined>>; readonly data?: unknown }
}

/** What the client threw, with what a reader needs to act on it, and nothing secret. */
export function explained(
  thrown: unknown,
  { options, baseUrl, token }: { readonly options: Asked; readonly baseUrl: string; readonly token: string },
): GitHubError {
  if (thrown instanceof GitHubError) return thrown
  const failed = thrown as Failed // the client throws errors alone
  const line = lineOf(failed.request ?? options, baseUrl)
  const said = oneLine(failed.message.replaceAll(token, '***').replace(/ - https?:\/\/\S+/, ''), 400)
  if (!failed.response) return new GitHubError('github_failed', `no answer to ${line}: ${said}`, { status: undefined, cause: bare(thrown) })
  const { headers } = failed.response
  const status = failed.status ?? 0
  const code = codeOf(status, said, headers)
  const id = headers['x-github-request-id']
  const words = [
    `GitHub answered ${status} to ${line}`,
    said.startsWith('<') ? '' : `: ${said}`,
    code === 'github_refused' ? hint(status, permissionFor(headers['x-accepted-github-permissions'], line)) : '',
    id === undefined ? '' : ` (request ${oneLine(String(id), 60)})`,
  ]
  return new GitHubError(code, words.join(''), { status, cause: bare(thrown) })
}

function codeOf(status: number, said: string, headers: NonNullable<Failed['response']>['headers']): Code {
  const isLimit =
    /secondary rate|rate limit/i.test(said) || headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined
  if (status === 429 || (status === 403 && isLimit)) return 'github_limited'
  return [401, 403, 404].includes(status) ? 'github_refused' : 'github_failed'
}

function hint(status: number, permission: string): string {
  if (status === 404) return '; it is not there, or the token may not see it'
  return status === 403 && permission !== '' ? `; the token needs ${permission}` : ''
}

/** Method and path below the API's address, without what stands behind a question mark. */
export function lineOf({ method, url }: Asked, baseUrl: string): string {
  const path = url.startsWith(baseUrl) ? url.slice(baseUrl.length) : url.replace(/^[a-z]+:\/\/[^/]*/i, '')
  return `${method} ${oneLine(path.replace(/[?#{].*$/s, ''), 200)}`
}

/** An error of the client holds the whole request, body and all. */
const bare = (thrown: unknown): unknown => (thrown instanceof Error ? thrown.cause : undefined)
