import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openFetcher } from '../../runner/adapters/fetch/fetcher.ts'
import { Problems, type ProctorError } from '../../runner/domain/error.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { fakeCredentials } from '../fakes/credentials.ts'

/** What somebody wrote, on the disk until the scope ends: path -> text, bytes or where a link leads. */
export async function written(files: Readonly<Record<string, string | Uint8Array | { readonly link: string }>>) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'proctor-plan-')))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    if (typeof content === 'object' && 'link' in content) await symlink(content.link, join(root, path))
    else await writeFile(join(root, path), content)
  }
  return { root, at: (path: string) => join(root, path), [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}

/** All that planning needs of the world: blobs in memory, and the real fetcher over them, without git or a registry. */
export function planningWorld(cacheDir: string, version = '1.0.0', values: Readonly<Record<string, string>> = {}) {
  const blobs = memoryBlobs()
  const checkout = async () => ({ commit: 'c'.repeat(40), warnings: ['the ref is not there'] })
  const git = { tracked: async () => undefined, checkout }
  const fetcher = openFetcher({
    blobs,
    git,
    cacheDir,
    credentials: fakeCredentials(values),
    registries: { pypi: 'http://127.0.0.1:9', npm: 'http://127.0.0.1:9' },
  })
  return { blobs, fetcher, version }
}

/** `file:line:column code message` of everything that was wrong. */
export async function problemsOf(work: () => Promise<unknown>): Promise<string[]> {
  const thrown = await work().then(
    () => new Problems([]),
    (error: unknown) => error,
  )
  if (thrown instanceof Problems) return thrown.all.map(shown)
  if (thrown instanceof Error && 'code' in thrown) return [`${thrown.code} ${thrown.message}`]
  throw thrown
}

export function shown({ place, code, message }: ProctorError): string {
  const where = place ? `${place.file}:${place.line}${place.column === undefined ? '' : `:${place.column}`} ` : ''
  return `${where}${code} ${message}`
}

export const agentYaml = (name: string, more = '') => `apiVersion: proctor/v1\nkind: PythonFunction\nname: ${name}\n${more}`
export const evalYaml = (name: string, more = '') => `apiVersion: proctor/v1\nkind: Eval\nname: ${name}\n${more}`
export const scenarioYaml = (name: string, more = 'workspace: empty\n') => `apiVersion: proctor/v1\nkind: Scenario\nname: ${name}\n${more}`
export const polite = 'scorers: [{name: polite, type: response, contains: please}]\n'
