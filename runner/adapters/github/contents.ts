import { ProctorError } from '../../domain/error.ts'
import { type GitHub, ownerAndName } from './client.ts'
import { hasStatus } from './error.ts'

/**
 * Text of a small file at a commit or, without `ref`, on the default branch. Undefined: there is none, or no such repository to be seen.
 * Throws `config_invalid` for one that is too large for GitHub's API.
 */
export async function readFile(github: GitHub, repo: string, path: string, ref?: string): Promise<string | undefined> {
  try {
    const { data } = await github.api.rest.repos.getContent({ ...ownerAndName(repo), path, ...(ref === undefined ? {} : { ref }) })
    if (Array.isArray(data) || data.type !== 'file') return undefined
    if (!('content' in data) || data.encoding !== 'base64')
      throw new ProctorError('config_invalid', `found ${data.size} bytes; GitHub hands out files of at most 1 MB`, {
        place: { file: path, line: 1 },
      })
    return Buffer.from(data.content, 'base64').toString()
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

const downloadMs = 600_000

/**
 * The tree of a commit as GitHub packs it: a tar.gz with one top folder. Its address is signed, and is asked without the token. Throws
 * `commit_gone`; what comes throws `tree_too_large` when it has more than `mostBytes`.
 */
export async function tarball(
  github: GitHub,
  repo: string,
  commit: string,
  { signal, mostBytes }: { readonly signal: AbortSignal; readonly mostBytes: number },
): Promise<AsyncIterable<Uint8Array>> {
  const asked = { ...ownerAndName(repo), ref: commit, request: { redirect: 'manual' } } as const
  const { headers } = await github.api.rest.repos.downloadTarballArchive(asked).catch((error: unknown) => {
    throw hasStatus(error, ...gone) ? commitGone(repo, commit, error.status) : error
  })
  if (!headers.location) throw new ProctorError('github_failed', `GitHub did not say where the tree of ${commit} is`)
  const answer = await fetch(headers.location, {
    headers: { 'user-agent': github.userAgent },
    signal: AbortSignal.any([signal, AbortSignal.timeout(downloadMs)]),
  })
  if (gone.includes(answer.status)) throw commitGone(repo, commit, answer.status)
  if (!answer.ok || !answer.body) throw new ProctorError('github_failed', `the tree of ${commit} could not be downloaded: ${answer.status}`)
  return upTo(mostBytes, answer.body as AsyncIterable<Uint8Array>, commit) // of fetch, it can be iterated over
}

const gone = [404, 410, 451]
const commitGone = (repo: string, commit: string, status = 404) =>
  new ProctorError('commit_gone', `GitHub has no tree of ${commit} in ${repo} (${status})`)

async function* upTo(mostBytes: number, chunks: AsyncIterable<Uint8Array>, commit: string): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > mostBytes)
      throw new ProctorError('tree_too_large', `the tree of ${commit} has more than ${Math.floor(mostBytes / 2 ** 20)} MB, packed`)
    yield chunk
  }
}
