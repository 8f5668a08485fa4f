import { describe, expect, test } from 'vitest'
import { encodeFrame, type FrameHead, FrameReader } from '../../../runner/lib/frames.ts'

function read(...chunks: readonly Uint8Array[]) {
  const frames: [FrameHead, string][] = []
  const reader = new FrameReader((head, body) => frames.push([head, Buffer.from(body).toString('latin1')]))
  for (const chunk of chunks) reader.push(chunk)
  return { frames, skipped: reader.skipped }
}
const line = (text: string) => Buffer.from(`${text}\n`)

test('what is written is read, wherever it is cut', () => {
  const body = Buffer.from('raw \n{"id":1}\n\xff\x00', 'latin1')
  const bytes = Buffer.concat([encodeFrame({ id: 1, word: 'wörd\n' }), encodeFrame({ id: 2 }, body), encodeFrame({ id: 3 })])
  const whole = read(bytes)
  expect(whole).toEqual({
    frames: [
      [{ id: 1, word: 'wörd\n' }, ''],
      [{ id: 2, n: body.length }, body.toString('latin1')],
      [{ id: 3 }, ''],
    ],
    skipped: 0,
  })
  expect(read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole)
  for (let cut = 0; cut <= bytes.length; cut += 1) expect(read(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole)
})

describe('a hostile writer', () => {
  test.each(['', 'no json', '[]', 'null', '1', '{"n":-1}', '{"n":1.5}', '{"n":"3"}', '{"n":1e999}', '{"n":1048577}', '\xff\xfe'])(
    '%j is skipped and counted',
    (text) => {
      expect(read(line(text), line('{"id":1}'))).toEqual({ frames: [[{ id: 1 }, '']], skipped: 1 })
    },
  )

  test('a line without an end is dropped when it is too long', () => {
    const chunk = Buffer.alloc(300_000, 'x')
    expect(read(chunk, chunk, chunk, chunk, chunk, line(''), line('{"id":1}'))).toEqual({ frames: [[{ id: 1 }, '']], skipped: 1 })
  })

  test('a body that never comes holds nothing back but itself', () => {
    expect(read(line('{"id":1}'), line('{"n":1000}'), Buffer.from('some'))).toEqual({ frames: [[{ id: 1 }, '']], skipped: 0 })
  })
})
