import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { most, Refused } from './guard.ts'

export type Registries = { readonly pypi: string; readonly npm: string }
type Package = { readonly registry: 'pypi' | 'npm'; readonly name: string; readonly version: string; readonly sha256: string }
type Options = { readonly registries: Registries; readonly cacheDir: string; readonly signal: AbortSignal }

/**
 * The published source archive with exactly this SHA-256, as a file of the cache. Registries are asked only when the cache lacks it;
 * what they send is believed only when it has the pinned hash.
 */
export async function fetchPackage(wanted: Package, options: Options): Promise<string> {
  const cached = join(options.cacheDir, `${wanted.sha256}.tar.gz`)
  if (
    await stat(cached).then(
      () => true,
      () => false,
    )
  )
    return cached
  const url = wanted.registry === 'npm' ? await npmUrl(wanted, options) : await pypiUrl(wanted, options)
  return download({ url, wanted, cached, options })
}

/** The registry's answer for one version names its tarball. */
async function npmUrl({ name, version }: Package, options: Options): Promise<string> {
  const answer = await get(`${options.registries.npm}/${name.replace('/', '%2f')}/${version}`, options)
  const known = (await answer.json()) as { dist?: { tarball?: string } } // the next line checks the only field that is used
  if (typeof known.dist?.tarball !== 'string') throw new Refused(`npm knows no tarball of ${name}@${version}`)
  return known.dist.tarball
}

/** The simple index (PEP 503, PEP 691) names every file of a project with its hash, as JSON or as HTML. */
async function pypiUrl({ name, version, sha256 }: Package, options: Options): Promise<string> {
  const index = `${options.registries.pypi}/${name.toLowerCase().replace(/[-_.]+/g, '-')}/`
  const text = await (await get(index, options)).text()
  const file = new RegExp(`"([^"]+)#sha256=${sha256}"`).exec(text)?.[1] ?? jsonUrl(text, sha256)
  if (!file) throw new Refused(`PyPI lists no file of ${name} ${version} with sha256 ${sha256}`)
  return new URL(file.replaceAll('&amp;', '&'), index).href
}

function jsonUrl(text: string, sha256: string): string | undefined {
  if (!text.startsWith('{')) return undefined
  const { files = [] } = JSON.parse(text) as { files?: { url: string; hashes?: { sha256?: string } }[] } // PEP 691; what is used is checked by hash after the download
  return files.find(({ hashes }) => hashes?.sha256 === sha256)?.url
}

async function download({
  url,
  wanted,
  cached,
  options,
}: {
  url: string
  wanted: Package
  cached: string
  options: Options
}): Promise<string> {
  const answer = await get(url, options)
  const hash = createHash('sha256')
  let bytes = 0
  const check = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      bytes += chunk.byteLength
      done(bytes > most.packed ? new Refused(`it has more than ${most.packed / 2 ** 20} MB`) : null, chunk)
    },
  })
  await mkdir(options.cacheDir, { recursive: true })
  const part = `${cached}.${process.pid}.part`
  try {
    await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), check, createWriteStream(part)) // two names of one type: fetch's and node:stream/web's
    const found = hash.digest('hex')
    if (found !== wanted.sha256) throw new Refused(`${wanted.name} ${wanted.version} has sha256 ${found}, and ${wanted.sha256} is pinned`)
    await rename(part, cached)
    return cached
  } finally {
    await rm(part, { force: true })
  }
}

async function get(url: string, { signal }: Options): Promise<Response> {
  const answer = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(120_000)]),
    headers: { accept: 'application/vnd.pypi.simple.v1+json, application/json, text/html;q=0.5, */*;q=0.1' },
  }).catch((error: Error) => {
    signal.throwIfAborted()
    throw new Refused(`${new URL(url).host} can't be reached: ${error.cause instanceof Error ? error.cause.message : error.message}`)
  })
  if (!answer.ok || !answer.body) throw new Refused(`${new URL(url).host} answered ${answer.status} for ${new URL(url).pathname}`)
  return answer
}
