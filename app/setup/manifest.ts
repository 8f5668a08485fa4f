import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Problems, ProctorError } from '../../runner/domain/error.ts'
import { shipped } from '../../runner/lib/shipped.ts'
import { isProblems, parseYaml } from '../../runner/plan/read/parse-yaml.ts'

/** app.yml: what the App asks for. */
const AppFile = z.strictObject({
  name: z.string(),
  description: z.string(),
  url: z.string(),
  public: z.boolean(),
  default_events: z.array(z.string()),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
})
export type AppFile = z.infer<typeof AppFile>
/** What only the one who sets it up knows: `publicUrl` = where GitHub reaches the server, without a slash at its end. */
export type Wishes = { readonly publicUrl: string; readonly organisation: string | undefined }
type Places = { readonly webhookPath: string; readonly backTo: string }

export async function readAppFile(): Promise<AppFile> {
  const parsed = parseYaml({ text: await readFile(shipped('app.yml'), 'utf8'), file: 'app.yml', schema: AppFile })
  if (isProblems(parsed)) throw new Problems(parsed)
  return parsed.value
}

/** What GitHub makes an App of. Its name is one for all of GitHub; whoever creates it may choose another on GitHub's page. */
export function manifestOf(file: AppFile, { publicUrl, organisation }: Wishes, { webhookPath, backTo }: Places): object {
  return {
    ...file,
    name: [file.name, ...(organisation === undefined ? [] : [organisation])].join('-').slice(0, 34),
    url: publicUrl,
    hook_attributes: { url: `${publicUrl}${webhookPath}`, active: true },
    redirect_url: backTo,
  }
}

/** Throws `usage_invalid`. Only a server on this machine does without TLS. */
export function publicUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHere = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (!url || [url.username, url.password, url.search, url.hash].some((part) => part !== ''))
    throw new ProctorError('usage_invalid', 'the public URL: accepted: one such as https://proctor.example.com')
  if (url.protocol !== 'https:' && !(isHere && url.protocol === 'http:'))
    throw new ProctorError('usage_invalid', 'the public URL: accepted: an https URL; GitHub sends there what happens in your repositories')
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** Throws `usage_invalid`. Empty: the App belongs to whoever creates it. */
export function organisationOf(text: string): string | undefined {
  if (text === '') return undefined
  if (!/^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i.test(text))
    throw new ProctorError('usage_invalid', 'the organisation: accepted: its name on GitHub, such as acme')
  return text
}
