import { randomBytes } from 'node:crypto'

/** Messages of TLS, written by hand, so that they can be wrong. */
export const number = (value: number, size: number) => {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}
export const sized = (size: number, ...parts: readonly Uint8Array[]) => {
  const content = Buffer.concat(parts)
  return Buffer.concat([number(content.length, size), content])
}
export const extension = (type: number, content: Uint8Array) => Buffer.concat([number(type, 2), sized(2, content)])
export const names = (...all: readonly string[]) =>
  extension(0, sized(2, ...all.map((name) => Buffer.concat([Buffer.of(0), sized(2, Buffer.from(name))]))))
export const handshakeOf = (...extensions: readonly Uint8Array[]) =>
  Buffer.concat([
    Buffer.of(1),
    sized(
      3,
      Buffer.of(3, 3),
      randomBytes(32),
      sized(1, randomBytes(32)),
      sized(2, Buffer.of(0x13, 1)),
      sized(1, Buffer.of(0)),
      sized(2, ...extensions),
    ),
  ])
export const records = (message: Buffer, size: number) => {
  const parts = Array.from({ length: Math.ceil(message.length / size) }, (_, at) => message.subarray(at * size, (at + 1) * size))
  return Buffer.concat(parts.map((part) => Buffer.concat([Buffer.of(22, 3, 1), sized(2, part)])))
}
