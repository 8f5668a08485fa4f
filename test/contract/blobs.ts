import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Blobs } from '../../runner/seams/records.ts'

export type BlobsUnderTest = AsyncDisposable & {
  readonly blobs: Blobs /** Changes one stored byte. */
  damage(ref: BlobRef): Promise<void>
  forget(ref: BlobRef): Promise<void>
}

/** What every store of blobs promises. */
export function blobsContract(open: () => Promise<BlobsUnderTest>): void {
  test('names bytes by their content, whatever the chunks', async () => {
    await using store = await open()
    const bytes = Buffer.from('hello, world\u0000\u00ff'.repeat(50_000))
    const whole = await store.blobs.put(chunks(bytes, bytes.length), 'a')
    const pieces = await store.blobs.put(chunks(bytes, 777), 'b')
    expect(whole).toEqual({ digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes: bytes.length, name: 'a' })
    expect(pieces).toEqual({ ...whole, name: 'b' })
    expect((await buffer(await store.blobs.get(pieces))).equals(bytes)).toBe(true)
  })

  test('keeps an empty blob', async () => {
    await using store = await open()
    const ref = await store.blobs.put(chunks(Buffer.alloc(0), 1), 'empty')
    expect(ref.bytes).toBe(0)
    expect(await buffer(await store.blobs.get(ref))).toHaveLength(0)
  })

  test('takes the same bytes from many writers at once', async () => {
    await using store = await open()
    const bytes = Buffer.alloc(300_000, 'x')
    const refs = await Promise.all(Array.from({ length: 12 }, () => store.blobs.put(chunks(bytes, 4096), 'same')))
    expect(new Set(refs.map(({ digest }) => digest)).size).toBe(1)
    for (const ref of refs) expect(await buffer(await store.blobs.get(ref))).toHaveLength(300_000)
  })

  test('keeps nothing of a source that breaks', async () => {
    await using store = await open()
    const broken = async function* () {
      yield Buffer.from('half')
      throw new Error('the source broke')
    }
    await expect(store.blobs.put(broken(), 'broken')).rejects.toThrow('the source broke')
    const half: BlobRef = { digest: `sha256:${createHash('sha256').update('half').digest('hex')}`, bytes: 4, name: 'half' }
    await expect(store.blobs.get(half)).rejects.toMatchObject({ code: 'records_damaged' })
  })

  test('refuses what is not there', async () => {
    await using store = await open()
    const ref = await store.blobs.put(chunks(Buffer.from('soon gone'), 4), 'gone')
    await store.forget(ref)
    await expect(store.blobs.get(ref)).rejects.toMatchObject({ code: 'records_damaged' })
    await expect(store.blobs.get({ ...ref, digest: 'sha256:../../../etc/passwd' })).rejects.toMatchObject({ code: 'records_damaged' })
  })

  test('never ends cleanly on damaged bytes', async () => {
    await using store = await open()
    const ref = await store.blobs.put(chunks(Buffer.alloc(900_000, 'y'), 65_536), 'damaged')
    await store.damage(ref)
    await expect(async () => buffer(await store.blobs.get(ref))).rejects.toMatchObject({ code: 'records_damaged' })
  })
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
