import { ProbotOctokit } from 'probot'
import { z } from 'zod'
import { ProctorError } from '../../runner/domain/error.ts'

const Made = z.object({
  id: z.number().int().positive(),
  slug: z.string().regex(/^[\w-]{1,100}$/),
  html_url: z.url({ protocol: /^https?$/ }),
  pem: z.string().startsWith('-----BEGIN'),
  webhook_secret: z.string().min(16),
})
export type Registered = {
  readonly slug: string
  /** The App's own page; `<page>/installations/new` installs it. */
  readonly page: string
  /** As `app.env` keeps it. The key is in base64, which is one line. */
  readonly variables: Readonly<Record<'APP_ID' | 'PRIVATE_KEY' | 'WEBHOOK_SECRET', string>>
}

/** Exchanges the code that GitHub sent the browser back with for the App's key and secret: once, within an hour. Throws `github_refused`. */
export async function register(code: string, apiUrl: string): Promise<Registered> {
  const octokit = new ProbotOctokit({ baseUrl: apiUrl, retry: { enabled: false }, throttle: { enabled: false }, log: silent })
  const { data } = await octokit.rest.apps.createFromManifest({ code }).catch((error: unknown) => {
    const status = error instanceof Error && 'status' in error ? ` (${error.status})` : ''
    throw new ProctorError('github_refused', `GitHub did not give out the App's key${status}: its code holds for one use and one hour`)
  })
  const made = Made.safeParse(data)
  if (!made.success) throw new ProctorError('github_refused', 'GitHub gave out an App without a key or a webhook secret')
  const { id, slug, html_url: page, pem, webhook_secret } = made.data
  return {
    slug,
    page,
    variables: { APP_ID: String(id), PRIVATE_KEY: Buffer.from(pem).toString('base64'), WEBHOOK_SECRET: webhook_secret },
  }
}

/** It would write URLs, and this one has the code in it. */
const silent = { debug() {}, info() {}, warn() {}, error() {} }
