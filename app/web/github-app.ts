import { createNodeMiddleware, Probot, ProbotOctokit } from 'probot'
import { z } from 'zod'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Log } from '../log.ts'
import type { WebSettings } from '../settings.ts'
import type { Listed } from '../store/github/missed.ts'
import type { Route } from './server.ts'

/** A signed delivery, kept before it is answered. `body` = the bytes that were signed. */
export type Delivery = { readonly id: string; readonly event: string; readonly payload: unknown; readonly body: Buffer }
/** A token for some repositories of an installation, with some permissions. */
type InstallationToken = { readonly token: string; readonly expiresAt: Date }
/** An installation as it is at this moment. `permissions` = what it gives. */
type Installed = {
  readonly id: number
  readonly account: string
  readonly accountId: number
  readonly accountType: string
  readonly isSuspended: boolean
  readonly permissions: Readonly<Record<string, string>>
}
export type GitHubApp = {
  /** Verifies signatures, then hands deliveries on; what that throws, or does not do in time, is answered with 500 and no word more. */
  readonly webhooks: Route
  /** For all of its repositories when none are named. Throws `github_refused` when it is not given, `github_limited`. */
  installationToken(
    installation: number,
    wanted: { readonly repositories?: readonly number[]; readonly permissions: Permissions },
  ): Promise<InstallationToken>
  /** The App's own name: comments of ours are by `<slug>[bot]`. */
  slug(): Promise<string>
  installations(): Promise<readonly Installed[]>
  /** Undefined: there is none, or not any more. */
  installation(id: number): Promise<Installed | undefined>
  /** All that GitHub tried to deliver since then, however that ended. GitHub keeps three days. */
  deliveries(since: Date): Promise<readonly Listed[]>
  /** Has GitHub try one once more. False: it will not. */
  redeliver(id: number): Promise<boolean>
}
export type Permissions = Readonly<Record<string, 'read' | 'write'>>
type Options = {
  readonly settings: Pick<WebSettings, 'appId' | 'privateKey' | 'webhookSecret' | 'apiUrl' | 'webhookPath'>
  readonly take: (delivery: Delivery) => Promise<void>
  readonly log: Log
  readonly answerMs?: number
}
/** ms. GitHub waits for ten seconds; after nine the middleware would say that it is at work still, which GitHub takes for a yes. */
const answersAfter = 7000

/** The App as GitHub knows it: its webhooks, and what only its key opens. */
export async function openGitHubApp({ settings, take, log, answerMs = answersAfter }: Options): Promise<GitHubApp> {
  const { appId, privateKey, webhookSecret, apiUrl, webhookPath } = settings
  const probot = new Probot({
    appId,
    privateKey,
    secret: webhookSecret,
    baseUrl: apiUrl,
    webhookPath,
    // It writes whole bodies, of strangers' deliveries too; what is worth knowing is written below.
    log: log.child({}, { level: 'silent' }),
    // Whoever writes much asks through clients of their own, one an installation: here nothing is worth queueing for.
    Octokit: ProbotOctokit.defaults((options: object) => ({ ...options, throttle: { enabled: false } })),
  })
  await probot.ready()
  const bodies = new Map<string, Buffer>()
  const middleware = await createNodeMiddleware(
    (app) =>
      app.onAny(async ({ id, name, payload }) => {
        try {
          await inTime(take({ id, event: name, payload, body: bodies.get(id) ?? Buffer.from(JSON.stringify(payload)) }), answerMs)
        } catch (error) {
          log.error({ delivery: id, event: name, error: error instanceof Error ? error.message : String(error) }, 'a delivery was not kept')
          throw new Error('the delivery could not be kept')
        }
      }),
    { probot, webhooksPath: webhookPath },
  )
  const api = await probot.auth()
  return {
    async webhooks(request, response, body) {
      const id = String(request.headers['x-github-delivery'] ?? '')
      bodies.set(id, body)
      try {
        await middleware(request, response)
      } finally {
        bodies.delete(id)
      }
      const { statusCode: status } = response
      if (status >= 400) log.warn({ delivery: id.slice(0, 80), status, bytes: body.length }, 'a delivery was refused')
    },
    async installationToken(installation, { repositories, permissions }) {
      const { data } = await api.rest.apps
        .createInstallationAccessToken({
          installation_id: installation,
          ...(repositories && { repository_ids: [...repositories] }),
          permissions: { ...permissions },
        })
        .catch((error: unknown) => Promise.reject(refusedOr(error, permissions)))
      return { token: data.token, expiresAt: new Date(data.expires_at) }
    },
    async slug() {
      const { data } = await api.rest.apps.getAuthenticated()
      return z.object({ slug: z.string().min(1) }).parse(data).slug
    },
    async installations() {
      return (await api.paginate(api.rest.apps.listInstallations, { per_page: 100 })).map(installedOf)
    },
    async installation(id) {
      try {
        return installedOf((await api.rest.apps.getInstallation({ installation_id: id })).data)
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw error
      }
    },
    async deliveries(since) {
      const listed = new Map<string, Listed>()
      for await (const { data } of api.paginate.iterator(api.rest.apps.listWebhookDeliveries, { per_page: 100 })) {
        const recent = data.filter(({ delivered_at }) => new Date(delivered_at) >= since)
        for (const { id, guid, delivered_at, status_code } of recent) {
          const newer = listed.get(guid)
          // 202 is what a middleware says that does not know yet.
          const taken = (newer?.taken ?? false) || (status_code >= 200 && status_code < 300 && status_code !== 202)
          listed.set(guid, { ...(newer ?? { id: guid, githubId: id, deliveredAt: new Date(delivered_at) }), taken })
        }
        if (recent.length < data.length) break
      }
      return [...listed.values()]
    },
    async redeliver(id) {
      try {
        await api.rest.apps.redeliverWebhookDelivery({ delivery_id: id })
        return true
      } catch (error) {
        if ([400, 404, 410, 422].includes(statusOf(error) ?? 0)) return false
        throw error
      }
    },
  }
}

/** An enterprise has a `slug` in the place of a login. */
const told = z.object({
  id: z.number(),
  account: z.object({ login: z.string().optional(), slug: z.string().optional(), id: z.number() }),
  target_type: z.string(),
  suspended_at: z.string().nullish(),
  permissions: z.record(z.string(), z.string()),
})

function installedOf(body: unknown): Installed {
  const { id, account, target_type: accountType, suspended_at, permissions } = told.parse(body)
  const login = account.login ?? account.slug ?? ''
  return { id, account: login, accountId: account.id, accountType, isSuspended: typeof suspended_at === 'string', permissions }
}

/** The work goes on; its end is nobody's any more. */
async function inTime(work: Promise<void>, ms: number): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`it was not kept within ${ms / 1000} s`)), ms)
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined

/** An installation that is gone or suspended, or that does not give a permission, will not give it a moment later either. */
function refusedOr(error: unknown, permissions: Permissions): unknown {
  const status = statusOf(error)
  if (status !== 403 && status !== 404 && status !== 422) return error
  if (error instanceof Error && /rate limit/i.test(error.message)) return new ProctorError('github_limited', error.message.slice(0, 400))
  const wanted = Object.entries(permissions).map(([name, level]) => `${name}: ${level}`)
  return new ProctorError(
    'github_refused',
    `GitHub gives no token with ${wanted.join(', ')} (${status}): the installation may be gone, suspended, or without one of them`,
  )
}
