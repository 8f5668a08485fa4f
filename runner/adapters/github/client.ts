import { setTimeout as sleep } from 'node:timers/promises'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import { Octokit } from '@octokit/rest'
import { explained, lineOf } from './error.ts'
import { type Budget, openBudget, pace, tooMany } from './pace.ts'
import { plainLimits } from './plain-limits.ts'
import { wholeAnswers } from './whole-answers.ts'

/** GitHub's API with one login. Whatever goes wrong on it is a `GitHubError`. */
export type GitHub = {
  readonly api: Octokit
  readonly log: (line: string) => void
  /** Waits that many seconds. */
  readonly wait: (seconds: number) => Promise<void>
  /** As it is written to the API, for requests that go elsewhere. */
  readonly userAgent: string
  /** How long a file may take to go either way. */
  readonly transferMs: number
}
export type Connection = {
  readonly token: string
  /** Of the API, such as https://api.github.com or https://host/api/v3. */
  readonly apiUrl: string
  readonly version: string
  readonly log: (line: string) => void
  /** Whose limits these are, such as an installation's: each has its own. */
  readonly account?: string
  /** Of writes, shared by all clients of that account. Default: one of its own. */
  readonly budget?: Budget
  /** Seconds that one request may wait for a limit to end. Default: until the hourly one does. */
  readonly patience?: number
  /** How long GitHub may take for one answer. */
  readonly timeoutMs?: number
  readonly transferMs?: number
  /** How long a second of waiting lasts. Tests have shorter ones. */
  readonly secondMs?: number
}

const Client = Octokit.plugin(plainLimits, throttling, retry)
/** Tries after the first, when GitHub asks to wait; and the longest wait, which the end of an hourly limit needs. */
const most = { waits: 2, seconds: 3700 }

/**
 * GitHub allows 80 writes a minute and 500 an hour, and asks for a second between them when there are many
 * (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits).
 */
const rates = (secondMs: number) => ({
  writes: [
    { atOnce: 20, everyMs: secondMs },
    { atOnce: 260, everyMs: 15 * secondMs },
  ],
  notifications: [{ atOnce: 3, everyMs: 3 * secondMs }],
})

/**
 * Limits are waited for as GitHub asks. What may be repeated without harm is, after errors of GitHub's; a POST is not: see
 * `createOnce`.
 */
export function openGitHub({
  token,
  apiUrl,
  version,
  log,
  account,
  budget = openBudget(),
  patience = most.seconds,
  timeoutMs = 30_000,
  transferMs = 600_000,
  secondMs = 1000,
}: Connection): GitHub {
  const baseUrl = apiUrl.replace(/\/+$/, '')
  const userAgent = `proctor/${version}`
  const onLimit = (which: string) => (seconds: number, options: Limited, _: unknown, before: number) => {
    const waits = before < most.waits && seconds <= patience && options.request?.patient !== false
    if (waits) log(`GitHub's ${which} is reached: ${lineOf(api.request.endpoint.parse(options), baseUrl)} waits ${seconds} s, as it asks`)
    return waits
  }
  const { writes, notifications } = rates(secondMs)
  const mostMs = patience * secondMs
  const writing = pace(writes, { due: budget.writes, mostMs })
  const api = new Client({
    auth: token,
    baseUrl,
    userAgent,
    log: { debug: () => {}, info: () => {}, warn: log, error: () => {} },
    request: { fetch: wholeAnswers(timeoutMs) },
    retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451], retryAfterBaseValue: secondMs },
    throttle: {
      id: account ?? userAgent,
      retryAfterBaseValue: secondMs,
      write: writing.limiter,
      notifications: pace(notifications, { due: budget.notifications, mostMs }).limiter,
      onRateLimit: onLimit('hourly limit'),
      onSecondaryRateLimit: onLimit('limit on bursts'),
    },
  })
  api.hook.wrap('request', async (request, options) => {
    if (options.method === 'POST') options.request = { ...options.request, retries: 0 }
    if (options.request?.patient === false && !writing.hasRoom()) throw tooMany('the rest is for what matters more')
    try {
      return await request(options)
    } catch (error) {
      throw explained(error, { options, baseUrl, token })
    }
  })
  return { api, log, userAgent, transferMs, wait: (seconds) => sleep(seconds * secondMs) }
}
/** `request.patient: false`: a write that is not worth waiting for a limit, nor bringing one closer for others. */
type Limited = Parameters<Octokit['request']['endpoint']['parse']>[0]

/** owner/name as the two parameters of every request about a repository. */
export function ownerAndName(repo: string): { readonly owner: string; readonly repo: string } {
  const [owner = '', name = ''] = repo.split('/')
  return { owner, repo: name }
}
