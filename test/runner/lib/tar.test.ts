import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scanTar, type TarEntry } from '../../../runner/lib/tar.ts'
import { pieces, rawTar } from '../../support/tar.ts'

describe('scanTar', () => {
  it.each([1, 7, 511, 512, 513, 100_000])('reads the same entries in pieces of %i bytes', async (size) => {
    const long = 'x'.repeat(1500)
    const tar = rawTar([
      { name: 'w/', type: '5' },
      { name: 'w/a', content: 'hello' },
      { name: 'w/empty', mode: 0o755 },
      { name: 'short', content: 'long name', pax: { path: `w/${long}`, mtime: '1.5' } },
      { name: 'w/link', type: '2', target: '../etc' },
      { name: 'w/hard', type: '1', target: 'w/a' },
      { name: 'w/pipe', type: '6' },
      { name: 'w/block', content: 'b'.repeat(1024) },
    ])
    expect((await read(pieces(tar, size))).map(({ name, type, content }) => [name, type, content])).toEqual([
      ['w', 'dir', ''],
      ['w/a', 'file', 'hello'],
      ['w/empty', 'file', ''],
      [`w/${long}`, 'file', 'long name'],
      ['w/link', 'symlink', ''],
      ['w/hard', 'hardlink', ''],
      ['w/pipe', 'special', ''],
      ['w/block', 'file', 'b'.repeat(1024)],
    ])
  })

  it('keeps names as bytes, in headers and in pax records', async () => {
    const odd = 'w/caf\xe9\n"\xff'
    const read1 = await read(
      pieces(rawTar([{ name: odd }, { name: 'x', pax: { path: odd, linkpath: '\xfe', 'SCHILY.xattr.user.x': '\0\n=\xff' } }]), 100),
    )
    expect(read1.map(({ name }) => name)).toEqual([odd, odd])
    expect(read1[1]?.target).toBe('\xfe')
  })

  it('knows sizes that have no octal form', async () => {
    const seen: number[] = []
    const tar = rawTar([{ name: 'w/sparse', size: 10 * 1024 ** 3 }])
    await scanTar(pieces(tar, 512), { entry: ({ size }) => void seen.push(size) }).catch(() => {})
    const pax = rawTar([{ name: 'w/sparse', size: 0, pax: { size: String(10 * 1024 ** 3) } }])
    await scanTar(pieces(pax, 512), { entry: ({ size }) => void seen.push(size) }).catch(() => {})
    expect(seen).toEqual([10 * 1024 ** 3, 10 * 1024 ** 3])
  })

  it('reads what GNU tar writes in each of its formats', async () => {
    const root = mkdtempSync(join(tmpdir(), 'proctor-test-tar-'))
    const deep = `${'d'.repeat(90)}/${'e'.repeat(90)}`
    mkdirSync(join(root, 'w', deep), { recursive: true })
    writeFileSync(join(root, 'w', deep, 'f'.repeat(200)), 'deep')
    symlinkSync('t'.repeat(300), join(root, 'w/link'))
    const formats = ['gnu', 'pax'].map((format) => execFileSync('tar', ['-C', root, `--format=${format}`, '-cf', '-', 'w']))
    rmSync(root, { recursive: true })
    for (const tar of formats) {
      const entries = await read(pieces(tar, 10_000))
      expect(entries.find(({ type }) => type === 'file')).toMatchObject({ name: `w/${deep}/${'f'.repeat(200)}`, content: 'deep' })
      expect(entries.find(({ type }) => type === 'symlink')).toMatchObject({ name: 'w/link', target: 't'.repeat(300) })
    }
  })

  it('says so when an archive ends early or is none', async () => {
    const tar = rawTar([{ name: 'w/a', content: 'x'.repeat(1000) }])
    await expect(read(pieces(tar.subarray(0, 1000), 100))).rejects.toMatchObject({ code: 'sandbox_lost' })
    await expect(read(pieces(Buffer.alloc(512, 'no tar '), 100))).rejects.toMatchObject({ code: 'sandbox_lost' })
    await expect(read(pieces(rawTar([{ name: 'x', pax: { path: 'y'.repeat(2_000_000) } }]), 10_000))).rejects.toMatchObject({
      code: 'sandbox_lost',
    })
  })
})

async function read(tar: AsyncIterable<Uint8Array>) {
  const found: (TarEntry & { content: string })[] = []
  await scanTar(tar, {
    entry(entry) {
      const one = { ...entry, content: '' }
      found.push(one)
      const write = (bytes: Uint8Array) => {
        one.content += Buffer.from(bytes).toString('latin1')
      }
      return { write, end: () => {} }
    },
  })
  return found
}
