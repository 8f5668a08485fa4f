import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
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
  /** Of one MB each: no part of it is suspicious for its ratio. */
  const parts = (count: number): ZipEntry[] => Array.from({ length: count }, (_, at) => ({ name: `p${at}`, content: megabyte }))
  const megabyte = Buffer.alloc(2 ** 20)
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
    ['holds a link to a neighbour', [{ name: 'a' }, { name: 'l', content: 'a', mode: 0o120777 }], /is a link/],
    ['holds a device', [{ name: 'd', mode: 0o020666 }], /is no regular file/],
    ['holds a pipe', [{ name: 'p', mode: 0o010666 }], /is no regular file/],
    ['has a name of nothing', [{ name: './.' }], /is empty|relative path/],
    ['is too deep', [{ name: `${'d/'.repeat(64)}f` }], /too long or too deep/],
    ['has a name that is too long', [{ name: `${'d'.repeat(1025)}` }], /too long or too deep/],
    ['has too many entries', Array.from({ length: 50_001 }, (_, at) => ({ name: `f${at}` })), /more than 50000 entries/],
    ['holds 501 MB in parts that are each allowed', parts(501), /unpacks to more than 500 MB/],
  ]
  test.each(hostile)('that %s is refused', async (_, entries, why) => {
    const source = await zip(entries)
    expect(await refusal(source)).toMatch(/^workspace_seed_failed/)
    const refused = await refusal(source, 'agent')
    expect(refused).toMatch(/^agent_code_fetch_failed/)
    expect(refused).toMatch(why)
  })
  test('of 100 MB is accepted by its size, and one byte more is not', async () => {
    const path = join(folder, 'large.zip')
    await writeFile(path, '')
    await truncate(path, 100 * 2 ** 20)
    expect(await refusal({ zip: { path } })).toMatch(/it is no ZIP archive/)
    await truncate(path, 100 * 2 ** 20 + 1)
    expect(await refusal({ zip: { path } }, 'agent')).toMatch(/^agent_code_fetch_failed: .*it has 101 MB; at most 100 are accepted/)
  })

  test.each<[string, string[], string[]]>([
    ['one top folder is flattened', ['my-agent/main.py', 'my-agent/helpers/prompts.py'], ['helpers/prompts.py', 'main.py']],
    ['no top folder', ['main.py', 'helpers/prompts.py'], ['helpers/prompts.py', 'main.py']],
    ['only the topmost of two', ['a/b/main.py'], ['b/main.py']],
    ['a file beside the folder', ['my-agent/main.py', 'README'], ['README', 'my-agent/main.py']],
    ['one file alone', ['main.py'], ['main.py']],
    ['what a Mac adds is no second folder', ['my-agent/main.py', '__MACOSX/my-agent/._main.py', '.DS_Store'], ['main.py']],
    ['folders as entries of their own', ['my-agent/', 'my-agent/helpers/', 'my-agent/main.py'], ['main.py']],
  ])('shape: %s', async (_, names, expected) => {
    expect(await paths(await zip(names.map((name) => ({ name, content: name.endsWith('/') ? '' : 'x' }))))).toEqual(expected)
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

describe('the error of a repository that is refused repeats no secret of its URL', () => {
  test.each([
    'https://me:hunter2@git.example/x',
    'https://hunter2@git.example/x',
    'https://me:hun@hunter2@git.example/x',
    'https://git.example/x?private_token=hunter2',
    'https://git.example/x#hunter2',
    'http://me:hunter2@git.example/x',
    'ssh://me:hunter2@git.example/x',
    'me:hunter2@git.example:x/y',
  ])('%s', async (url) => {
    for (const purpose of ['agent', 'workspace'] as const) {
      const refused = await refusal({ git: { url } }, purpose)
      expect(refused).toMatch(/only https URLs/)
      expect(refused).not.toContain('hunter2')
    }
  })
})
