import { describe, expect, it } from 'vitest'
import { clip, decode, Ends } from '../../../runner/lib/clip.ts'

const bytesOf = (text: string) => Buffer.byteLength(text)

describe('clip', () => {
  it('leaves alone what fits, to the last byte', () => {
    expect(clip('é'.repeat(50), 100)).toEqual({ text: 'é'.repeat(50), cut: false })
    expect(clip(`${'é'.repeat(50)}x`, 100).cut).toBe(true)
  })

  it('keeps head and tail, says how much is gone, and stays within the limit', () => {
    const text = `BEGIN${'x'.repeat(10_000)}END`
    const clipped = clip(text, 1000)
    expect(clipped.cut).toBe(true)
    expect(bytesOf(clipped.text)).toBeLessThanOrEqual(1000)
    expect(clipped.text.startsWith('BEGIN')).toBe(true)
    expect(clipped.text.endsWith('END')).toBe(true)
    const [, said] = /\[\.\.\. ([\d,]+) bytes cut \.\.\.\]/.exec(clipped.text) ?? []
    const kept = clipped.text.replace(/\n\[.*\]\n/, '').length
    expect(Number(said?.replaceAll(',', ''))).toBe(text.length - kept)
  })

  it('never splits a character, at any limit', () => {
    const text = 'a😀é漢'.repeat(200)
    for (let limit = 0; limit < 300; limit++) {
      const clipped = clip(text, limit).text
      expect(clipped).not.toContain('\uFFFD')
      expect(clipped.isWellFormed()).toBe(true)
      expect(bytesOf(clipped)).toBeLessThanOrEqual(limit)
    }
  })

  it('reads bytes that are not UTF-8', () => {
    expect(decode(Uint8Array.of(0x61, 0xff, 0xfe, 0x62))).toBe('a\uFFFD\uFFFDb')
  })
})

describe('Ends', () => {
  it('holds little of what streams by, and both ends of it', () => {
    const ends = new Ends(1000)
    ends.push('BEGIN')
    for (let i = 0; i < 10_000; i++) ends.push('😀é-filler-')
    ends.push('END')
    const { text, cut } = ends.take()
    expect(cut).toBe(true)
    expect(bytesOf(text)).toBeLessThanOrEqual(1100)
    expect(text.startsWith('BEGIN')).toBe(true)
    expect(text.endsWith('END')).toBe(true)
    expect(text).not.toContain('\uFFFD')
    expect(ends.take()).toEqual({ text: '', cut: false })
  })

  it('gives back unchanged what fits, and counts what was dropped before it', () => {
    const ends = new Ends(1000)
    for (const letter of 'hello, world') ends.push(letter)
    expect(ends.take()).toEqual({ text: 'hello, world', cut: false })
    ends.push('x')
    ends.lose(7)
    expect(ends.take().text).toContain('7 bytes cut')
  })
})
