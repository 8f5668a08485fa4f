import type { IncomingHttpHeaders } from 'node:http'

/** Who asks, on whose account and from where: not for an agent to say. What shows a key in the usual places is left out upstream. */
const ofIdentity = [
  'api-key',
  'x-goog-user-project',
  'x-goog-iam-authorization-token',
  'x-pipelines-run-token',
  'forwarded',
  'via',
  'x-real-ip',
]
/** Would make another request of it than the one that was checked, or an answer that is only a part. */
const ofMeaning = ['x-http-method-override', 'x-http-method', 'x-method-override', 'x-original-url', 'x-rewrite-url', 'range', 'if-range']
const withheld = new Set([...ofIdentity, ...ofMeaning])

/** What goes on of an agent's headers, besides what upstream leaves out anyway. The run's token does not, wherever it is. */
export function forUpstream(headers: IncomingHttpHeaders, token: string): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string' || withheld.has(name) || name.startsWith('x-forwarded-') || value.includes(token)) continue
    kept[name] = value
  }
  return kept
}
