import type { Answer } from './artifacts.ts'
import type { Arrived, Prepared } from './door.ts'
import { limitsOf } from './limits.ts'
import { type Guard, parsed } from './openapi/guard.ts'
import { refusal } from './permissions.ts'
import { shims } from './shim/table.ts'
import { announced } from './webhooks/changes.ts'
import type { Who } from './who.ts'
import { type Ask, invalid, type Json, notFound, type Shims, type World } from './world.ts'

/** One request that GitHub would not have understood as it was meant, or one answer that it would not give. */
export type Violation = { readonly method: string; readonly path: string; readonly problems: readonly string[] }
type Options = { readonly guard: Guard; readonly world: () => World; readonly own: Shims | undefined }
const upload = 'POST /repos/{owner}/{repo}/releases/{release_id}/assets'

/** What becomes of a request: checked, allowed, worked on, its answer checked too. */
export function openPipeline({ guard, world: theWorld, own }: Options) {
  const violations: Violation[] = []
  const wrongAnswers: Violation[] = []

  function prepare(arrived: Arrived): Prepared {
    const world = theWorld()
    const { method, path, query, body, type, isUpload } = arrived
    const matched = guard.match(arrived)
    const { who, token } = world.directory.of(arrived.authorization)
    const found = type?.startsWith('application/json') ? parsed(body) : undefined
    const json = typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Json) : {} // checked beside it
    const isAtHome = matched === undefined || isUpload === (matched.route === upload)
    const problems = matched
      ? [...guard.ofRequest(matched, arrived), ...limitsOf(matched.route, found), ...(isAtHome ? [] : ['sent to the wrong host'])]
      : ['no such path in the description of the API']
    if (problems.length > 0) violations.push({ method, path, problems })
    const work = async (): Promise<Answer> => {
      if (!matched || !isAtHome) return notFound()
      const { owner, repo } = matched.parameters
      const known = owner !== undefined && repo !== undefined ? world.known.get(`${owner}/${repo}`.toLowerCase()) : undefined
      const refused = refusal(who, { method, path, repo: known?.name }, world.roles)
      if (refused) return refused
      if (repo !== undefined && !known) return notFound()
      const errors = problems.map((message) => ({ code: 'custom', message }))
      if (errors.length > 0) return invalid('Validation Failed', errors)
      return worked({ ...matched, ...arrived, who, token, json, known })
    }
    return { seen: { method, path, query: query.toString(), route: matched?.route ?? `${method} ${path}`, who: nameOf(who), json }, work }
  }

  async function worked(ask: Ask): Promise<Answer> {
    const world = theWorld()
    const shim = own?.[ask.route] ?? shims[ask.route]
    const answer = await announced(ask, world, async () => (await shim?.(ask, world)) ?? (await world.forward(ask)))
    const problems = Buffer.isBuffer(answer.body) ? [] : guard.ofAnswer(ask, answer.status, answer.body)
    if (problems.length > 0) wrongAnswers.push({ method: ask.method, path: ask.path, problems })
    return answer
  }

  /** A request without the network, faults and records. */
  function inside({ method, path, token, json }: Inside): Promise<Answer> {
    const { pathname, searchParams: query } = new URL(path, 'http://hub')
    const body = json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(json))
    const type = json === undefined ? undefined : 'application/json'
    const authorization = token === undefined ? undefined : `Bearer ${token}`
    return prepare({ method, path: pathname, query, body, type, authorization, accept: '', isUpload: false }).work()
  }
  return { violations, wrongAnswers, prepare, inside }
}
export type Inside = { readonly method: string; readonly path: string; readonly token: string | undefined; readonly json?: unknown }

const nameOf = (who: Who): string => (who.kind === 'user' || who.kind === 'installation' ? who.login : who.kind)
