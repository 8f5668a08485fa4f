import type { Octokit } from '@octokit/core'

/**
 * The throttling plugin knows a limit on bursts by GitHub's present words for it. Older servers and proxies in front of them use others;
 * the header is the same.
 */
export function plainLimits(octokit: Octokit): Record<string, never> {
  octokit.hook.error('request', (error) => {
    const { status, response } = error as { status?: number; response?: { headers: Readonly<Record<string, unknown>> } }
    const isLimit = status === 429 || (status === 403 && response?.headers['retry-after'] !== undefined)
    const isHourly = response?.headers['x-ratelimit-remaining'] === '0'
    if (isLimit && !isHourly && !/\bsecondary rate\b/i.test(error.message)) error.message += ' (secondary rate limit)'
    throw error
  })
  return {}
}
