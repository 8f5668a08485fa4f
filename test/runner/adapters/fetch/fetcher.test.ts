import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFetcher } from '../../../../runner/adapters/fetch/fetcher.ts'
import { openGit } from '../../../../runner/adapters/git/source.ts'
import type { ProctorError } from '../../../../runner/domain/error.ts'
import { readTar } from '../../../../runner/lib/read-tar.ts'
import type { Source } from '../../../../runner/seams/fetcher.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { noCredentials } from '../../../fakes/credentials.ts'
import { makeZip, type ZipEntry } from '../../../fakes/zip.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-fetch-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const blobs = memoryBlobs()
const never = new AbortController().signal
const fetcher = () =>
  openFetcher({
    blobs,
    git: openGit({ PATH: process.env.PATH }),
    credentials: noCredentials,
    cacheDir: join(folder, 'cache'),
    registries: { pypi: 'https://pypi.invalid/simple', npm: 'https://npm.invalid' },
  })

async function paths(source: Source): Promise<string[]> {
  const { files } = await fetcher().fetch(source, 'workspace', never)
  const found: string[] = []
  for await (const { header, skip } of readTar(Readable.from([blobs.bytes(files)]))) {
    found.push(
      `${header.name}${header.type === 'symlink' ? ` -> ${header.linkname}` : ''}${(header.mode ?? 0) & 0o100 && header.type === 'file' ? ' x' : ''}`,
    )
    skip()
  }
  return found
}
const refusal = (source: Source, purpose: 'agent' | 'workspace' = 'workspace') =>
  fetcher()
    .fetch(source, purpose, never)
    .then(
      () => 'accepted',
      (error: ProctorError) => `${error.code}: ${error.message.replaceAll(folder, '')}`,
    )
async function zip(entries: readonly ZipEntry[]): Promise<Source> {
  const path = join(folder, 'a.zip')
  await writeFile(path, makeZip(entries))
  return { zip: { path } }
}

describe('an archive', () => {
  test('of one folder is an archive of what is in it, modes kept, a Mac left out', async () => {
    expect(
      await paths(
        await zip([
          { name: 'top/main.py', content: 'x' },
          { name: 'top/bin/go', mode: 0o100755 },
          { name: '__MACOSX/top/._main.py' },
          { name: 'top/.git/config' },
        ]),
      ),
    ).toEqual(['bin/go x', 'main.py'])
  })
  test('keeps its folders when there are several', async () => {
    expect(await paths(await zip([{ name: 'a/x' }, { name: 'b/y' }]))).toEqual(['a/x', 'b/y'])
  })

  const bomb = Buffer.alloc(2 ** 21)
  const hostile: [string, ZipEntry[], RegExp][] = [
    ['climbs out', [{ name: '../evil' }], /leads outside|relative path/],
    ['climbs out from below', [{ name: 'a/../../evil' }], /leads outside|relative path/],
    ['is absolute', [{ name: '/etc/passwd' }], /absolute/],
    ['has a drive letter', [{ name: 'C:/x' }], /absolute/],
    ['has a backslash', [{ name: 'a\\..\\x' }], /backslash|invalid characters/],
    ['holds a link', [{ name: 'l', content: '/etc', mode: 0o120777 }], /is a link/],
    ['is a bomb', [{ name: 'bomb', content: bomb }], /200 times its size/],
    ['lies about a size', [{ name: 'a', content: 'abc', claimedSize: 1 }], /size|too many bytes/],
    ['claims to hold 600 MB', [{ name: 'a', content: 'abc', claimedSize: 600 * 2 ** 20 }], /200 times|unpacks to more/],
    ['is encrypted', [{ name: 'a', content: 'x', encrypted: true }], /encrypted/],
    ['has a name twice', [{ name: 'a' }, { name: 'a' }], /twice/],
    ['has a file for a folder', [{ name: 'a' }, { name: 'a/b' }], /a file and a folder/],
    ['has a NUL in a name', [{ name: 'a\0.py' }], /not UTF-8|invalid/],
  ]
  test.each(hostile)('that %s is refused', async (_, entries, why) => {
    expect(await refusal(await zip(entries))).toMatch(/^workspace_seed_failed/)
    expect(await refusal(await zip(entries), 'agent')).toMatch(/^agent_code_fetch_failed/)
    expect(await refusal(await zip(entries))).toMatch(why)
  })
  test('that is none, is cut off or is not there is refused', async () => {
    await writeFile(join(folder, 'no.zip'), 'hello')
    await writeFile(join(folder, 'cut.zip'), makeZip([{ name: 'a', content: 'abc' }]).subarray(0, 40))
    for (const name of ['no.zip', 'cut.zip', 'gone.zip'])
      expect(await refusal({ zip: { path: join(folder, name) } })).toMatch(/^workspace_seed_failed: \/\w+\.zip: /)
  })
  test('that is refused leaves nothing behind', async () => {
    await refusal(await zip([{ name: 'ok', content: 'x'.repeat(9000) }, { name: '../evil' }]))
    expect(await readdir(join(folder, 'cache'))).toEqual([])
  })
})

describe('a folder', () => {
  test('gives the same blob whenever its content is the same, whatever the times', async () => {
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name, 'b'), { recursive: true })
      await writeFile(join(folder, name, 'b', 'f.py'), 'x')
      await writeFile(join(folder, name, 'a'), 'y')
      await new Promise((done) => setTimeout(done, 20))
    }
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => fetcher().fetch({ dir: { path: join(folder, name) } }, 'agent', never)),
    )
    expect(one?.files.digest).toBe(two?.files.digest)
  })
  test('leaves out what tools left behind, and keeps links that stay inside', async () => {
    const at = join(folder, 'pkg')
    await mkdir(join(at, '__pycache__'), { recursive: true })
    await writeFile(join(at, '__pycache__', 'x.pyc'), '')
    await writeFile(join(at, 'main.py'), '')
    await symlink('main.py', join(at, 'alias.py'))
    expect(await paths({ dir: { path: at } })).toEqual(['alias.py -> main.py', 'main.py'])
  })
  test('is the same whether or not a run wrote its results into it', async () => {
    const at = join(folder, 'pkg')
    await mkdir(join(at, 'results', 'blobs'), { recursive: true })
    for (const name of ['main.py', 'results/plan.json', 'results/results.jsonl', 'results/blobs/x']) await writeFile(join(at, name), '')
    expect(await paths({ dir: { path: at } })).toEqual(['main.py'])
  })
  test('with a link that leads outside is refused', async () => {
    const at = join(folder, 'pkg')
    await mkdir(at)
    await symlink('/etc/passwd', join(at, 'p'))
    expect(await refusal({ dir: { path: at } })).toMatch(/points outside/)
  })
})
