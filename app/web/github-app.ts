import { createNodeMiddleware, Probot, ProbotOctokit } from 'probot'
import { z } from 'zod'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Log } from '../log.ts'
import type { WebSettings } from '../settings.ts'
import type { Route } from './server.ts'

/** A signed delivery, kept before it is answered. `body` = the bytes that were signed. */
export type Delivery = { readonly id: string; readonly event: string; readonly payload: unknown; readonly body: Buffer }
/** A token for some repositories of an installation, with some permissions. */
type InstallationToken = { readonly token: string; readonly expiresAt: Date }
export type GitHubApp = {
  /** Verifies signatures, then hands deliveries on; what that throws is answered with 500 and no word more. */
  readonly webhooks: Route
  installationToken(
    installation: number,
    wanted: { readonly repositories: readonly number[]; readonly permissions: Permissions },
  ): Promise<InstallationToken>
  /** The App's own name: comments of ours are by `<slug>[bot]`. */
  slug(): Promise<string>
  installations(): Promise<readonly { readonly id: number; readonly account: string; readonly suspended: boolean }[]>
  /** Deliveries that GitHub tried and we did not take, newest first, not older than `since`. */
  missedDeliveries(since: Date): Promise<readonly { readonly id: number; readonly guid: string }[]>
  redeliver(id: number): Promise<void>
}
export type Permissions = Readonly<Record<string, 'read' | 'write'>>
type Options = {
  readonly settings: Pick<WebSettings, 'appId' | 'privateKey' | 'webhookSecret' | 'apiUrl' | 'webhookPath'>
  readonly take: (delivery: Delivery) => Promise<void>
  readonly log: Log
}

/** The App as GitHub knows it: its webhooks, and what only its key opens. */
export async function openGitHubApp({ settings, take, log }: Options): Promise<GitHubApp> {
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
          await take({ id, event: name, payload, body: bodies.get(id) ?? Buffer.from(JSON.stringify(payload)) })
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
          repository_ids: [...repositories],
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
      const all = await api.paginate(api.rest.apps.listInstallations, { per_page: 100 })
      return all.map(({ id, account, suspended_at }) => ({
        id,
        account: z.object({ login: z.string() }).parse(account).login,
        suspended: suspended_at !== null,
      }))
    },
    async missedDeliveries(since) {
      const missed = new Map<string, { readonly id: number; readonly guid: string; readonly taken: boolean }>()
      for await (const { data } of api.paginate.iterator(api.rest.apps.listWebhookDeliveries, { per_page: 100 })) {
        const recent = data.filter(({ delivered_at }) => new Date(delivered_at) >= since)
        for (const { id, guid, status_code } of recent) {
          const known = missed.get(guid)
          const taken = (known?.taken ?? false) || (status_code >= 200 && status_code < 300)
          missed.set(guid, { id: known?.id ?? id, guid, taken })
        }
        if (recent.length < data.length) break
      }
      return [...missed.values()].filter(({ taken }) => !taken).map(({ id, guid }) => ({ id, guid }))
    },
    async redeliver(id) {
      await api.rest.apps.redeliverWebhookDelivery({ delivery_id: id })
    },
  }
}

/** An installation that is gone or suspended, or that does not give a permission, will not give it a moment later either. */
function refusedOr(error: unknown, permissions: Permissions): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  if (status !== 403 && status !== 404 && status !== 422) return error
  const wanted = Object.entries(permissions).map(([name, level]) => `${name}: ${level}`)
  return new ProctorError(
    'github_refused',
    `GitHub gives no token with ${wanted.join(', ')} (${status}): the installation may be gone, suspended, or without one of them`,
  )
}
