import { plural } from '../../runner/report/wording.ts'

/** Bytes of one attachment. */
const mostBytes = 5 * 2 ** 20
const mostHops = 5
const patienceMs = 60_000

type Options = { readonly serverUrl: string; readonly version: string; readonly signal: AbortSignal; readonly most?: number }
export type Downloaded = { readonly bytes: Buffer } | { readonly refused: string }

/**
 * A file that somebody attached to a comment. It is asked for without any token, and only of GitHub itself: whatever a redirect names beyond
 * that is not asked. `refused` says why not, with nothing in it that came from there.
 */
export async function download(address: string, { serverUrl, version, signal, most = mostBytes }: Options): Promise<Downloaded> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  let url = new URL(address)
  try {
    for (let hop = 0; hop <= mostHops; hop++) {
      if (!isGitHubs(url, serverUrl)) return { refused: 'it leads away from GitHub.' }
      const answer = await fetch(url, { redirect: 'manual', signal: until, headers: { 'user-agent': `proctor/${version}` } })
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null
      if (location === null) return await taken(answer, most)
      await answer.body?.cancel()
      if (!URL.canParse(location, url.href)) return { refused: 'it leads nowhere.' }
      url = new URL(location, url)
    }
    return { refused: `GitHub led on more than ${plural(mostHops, 'time')}.` }
  } catch (error) {
    signal.throwIfAborted()
    return {
      refused: until.aborted ? 'it took too long.' : `GitHub could not be asked for it (${error instanceof Error ? error.name : 'error'}).`,
    }
  }
}

async function taken(answer: Response, most: number): Promise<Downloaded> {
  if (!answer.ok || !answer.body) {
    await answer.body?.cancel()
    const hint = answer.status === 404 ? '; files in private repositories are shown to people alone: put it into a fenced block' : ''
    return { refused: `GitHub answered ${answer.status}${hint}.` }
  }
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop ends the transfer. What was packed is counted as it comes out.
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > most) return { refused: `it has more than ${(most / 2 ** 20).toLocaleString('en-US')} MB.` }
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks) }
}

/** Where github.com keeps what people attach: signed addresses of these hosts alone. */
const stores = new Set([
  'objects.githubusercontent.com',
  'private-user-images.githubusercontent.com',
  'user-images.githubusercontent.com',
  'github-production-repository-file-5c1aeb.s3.amazonaws.com',
  'github-production-user-asset-6210df.s3.amazonaws.com',
])

/** The server itself; of github.com its stores, of an Enterprise Server what lies below its own name. */
function isGitHubs(url: URL, serverUrl: string): boolean {
  const server = new URL(serverUrl)
  if (url.protocol !== server.protocol || url.username !== '' || url.password !== '') return false
  if (url.host === server.host) return true
  if (server.host === 'github.com') return stores.has(url.host)
  return url.port === server.port && url.hostname.endsWith(`.${server.hostname}`)
}
