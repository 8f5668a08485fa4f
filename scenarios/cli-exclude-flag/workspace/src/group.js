import { hourOf } from './time.js'

/** What `--by` accepts: name -> key of a request. */
export const groupings = {
  path: (request) => request.path,
  status: (request) => String(request.status),
  ip: (request) => request.ip,
  method: (request) => request.method,
  hour: (request) => hourOf(request.at),
}

/** Collects requests into groups; `rows` sorts them by size, then by key. */
export class Groups {
  #keyOf
  #groups = new Map()
  #requests = 0

  constructor(by) {
    this.#keyOf = groupings[by]
  }

  add(request) {
    const key = this.#keyOf(request)
    let group = this.#groups.get(key)
    if (!group) this.#groups.set(key, (group = { requests: 0, errors: 0, times: [] }))
    group.requests += 1
    if (request.status >= 500) group.errors += 1
    if (request.ms !== undefined) group.times.push(request.ms)
    this.#requests += 1
  }

  get requests() {
    return this.#requests
  }

  /** `top` = 0 gives all of them. `share` is 0..1 of all requests; p50 and p95 are milliseconds, null when no request has a time. */
  rows(top) {
    const rows = [...this.#groups].map(([key, { requests, errors, times }]) => ({
      key,
      requests,
      share: requests / this.#requests,
      errors,
      p50: percentile(times, 0.5),
      p95: percentile(times, 0.95),
    }))
    rows.sort((a, b) => b.requests - a.requests || (a.key < b.key ? -1 : 1))
    return top === 0 ? rows : rows.slice(0, top)
  }
}

/** Nearest rank. */
export function percentile(values, rank) {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)]
}
