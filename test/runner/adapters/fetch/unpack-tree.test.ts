import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unpackTree } from '../../../../runner/adapters/fetch/unpack-tree.ts'

type Entry = {
  readonly name: string
  readonly text?: string
  readonly link?: string
  readonly mode?: number
  readonly type?: 'link' | 'fifo'
}
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'proctor-unpack-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function unpacked(entries: readonly Entry[]): Promise<string> {
  const tar = pack()
  for (const { name, text = '', link, mode = 0o644, type } of entries) {
    if (type) tar.entry({ name, mode, type, linkname: 'top/a' })
    else if (link === undefined) tar.entry({ name, mode }, text)
    else tar.entry({ name, type: 'symlink', linkname: link })
  }
  tar.finalize()
  const archive = join(folder, 'tree.tar.gz')
  await writeFile(archive, gzipSync(await buffer(tar as unknown as AsyncIterable<Buffer>)))
  const to = join(folder, 'tree')
  await unpackTree(archive, to)
  return to
}

test('comes without its top folder, as it was', async () => {
  const big = 'x'.repeat(10_000)
  const to = await unpacked([
    { name: 'acme-agents-abc/a/run.sh', text: 'echo', mode: 0o755 },
    { name: 'acme-agents-abc/big', text: big },
    { name: 'acme-agents-abc/a/link', link: '../big' },
    { name: 'acme-agents-abc/.github/proctor.yml', text: 'comment: always' },
  ])
  expect(readFileSync(join(to, 'a/run.sh'), 'utf8')).toBe('echo')
  expect(statSync(join(to, 'a/run.sh')).mode & 0o111).not.toBe(0)
  expect(readFileSync(join(to, 'a/link'), 'utf8')).toBe(big)
  expect(readlinkSync(join(to, 'a/link'))).toBe('../big')
})

test('a link that leads out by the way that another takes leads nowhere', async () => {
  writeFileSync(join(folder, 'secret'), 'of the machine')
  const to = await unpacked([
    { name: 'top/a/b/c/home', link: '../../..' },
    { name: 'top/trick', link: 'a/b/c/home/../secret' },
  ])
  expect(readlinkSync(join(to, 'a/b/c/home'))).toBe('../../..')
  expect(() => readFileSync(join(to, 'trick'))).toThrow('ENOENT')
})

describe('is refused', () => {
  test.each([
    ['a link out of the tree', [{ name: 'top/a', link: '../../etc/passwd' }]],
    ['a link to beside the tree', [{ name: 'top/a', link: '../other' }]],
    ['an absolute link', [{ name: 'top/a', link: '/etc/passwd' }]],
    ['a name that leads out', [{ name: 'top/../../a', text: 'x' }]],
    ['an absolute name', [{ name: '/top/a', text: 'x' }]],
    [
      'a hard link',
      [
        { name: 'top/a', text: 'x' },
        { name: 'top/b', type: 'link' as const },
      ],
    ],
    ['a pipe', [{ name: 'top/a', type: 'fifo' as const }]],
  ])('%s', async (_, entries) => {
    await expect(unpacked(entries)).rejects.toMatchObject({ code: 'agent_code_fetch_failed' })
  })

  test('nothing is ever written through a link', async () => {
    await unpacked([
      { name: 'top/a', link: 'b' },
      { name: 'top/b/c', text: '1' },
      { name: 'top/a/c', text: '2' },
    ]).catch(() => {})
    expect(() => readFileSync(join(folder, 'tree/b/c'), 'utf8')).not.toThrow(/2/)
    expect(readFileSync(join(folder, 'tree/b/c'), 'utf8')).toBe('1')
  })
})
