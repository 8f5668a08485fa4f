import { describe, expect, it } from 'vitest'
import { encodeContent, encodeWork, readWork, type WorkEntry, workChunk } from '../../../runner/lib/work.ts'
import { pieces } from '../../support/tar.ts'

describe('the work format', () => {
  it.each([1, 1000, 1_000_000])('gives back what went in, in pieces of %i bytes', async (size) => {
    const big = Buffer.alloc(size === 1 ? 3000 : 3 * workChunk + 17, '{"p":"eA=="}\n')
    const entries: [WorkEntry, Buffer][] = [
      [{ path: 'gone\xff\n', type: 'gone' }, Buffer.alloc(0)],
      [{ path: 'link', type: 'link', bytes: 4 }, Buffer.from('/etc')],
      [{ path: 'empty', type: 'file', executable: true, bytes: 0 }, Buffer.alloc(0)],
      [{ path: 'big', type: 'file', executable: false, bytes: big.length }, big],
      [{ path: 'last', type: 'file', executable: false, bytes: 1 }, Buffer.from('\n')],
    ]
    const bytes = await collect(encodeAll(entries))
    const read: [WorkEntry, Buffer][] = []
    for await (const { entry, content } of readWork(pieces(bytes, size))) read.push([entry, await collect(content)])
    expect(read).toEqual(entries)
  })

  it('says so when it was cut short or damaged', async () => {
    const whole = await collect(
      encodeContent({ path: 'a', type: 'file', executable: false, bytes: 2 * workChunk }, pieces(Buffer.alloc(2 * workChunk), workChunk)),
    )
    await expect(drain(whole.subarray(0, workChunk + 200))).rejects.toThrow('ends inside')
    await expect(drain(Buffer.from('not json\n'))).rejects.toThrow('damaged')
    await expect(drain(Buffer.from('{"n":1}\nx'))).rejects.toThrow('without a path')
  })
})

async function* encodeAll(entries: readonly (readonly [WorkEntry, Buffer])[]) {
  for (const [entry, content] of entries) {
    if (content.length < 10) yield encodeWork(entry, entry.type === 'gone' ? undefined : content)
    else yield* encodeContent(entry, pieces(content, 70_000))
  }
}
async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of bytes) all.push(chunk)
  return Buffer.concat(all)
}
async function drain(bytes: Buffer) {
  for await (const { content } of readWork(pieces(bytes, 1000))) for await (const _ of content);
}
