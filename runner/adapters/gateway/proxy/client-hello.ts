/** What the first message of a TLS client says. `more`: it is not there yet, and it cannot be before there are so many bytes. */
export type ClientHello = { readonly name: string | undefined } | { readonly more: number } | 'not tls'

const handshake = 22
const clientHello = 1
const serverName = 0
const largestRecord = 16_384

/**
 * Reads the name that a TLS client asks for (SNI), out of one record or many. `not tls`: anything that is not exactly such a message; among it a hello with two names,
 * for it would be up to the server which of them counts.
 */
export function readClientHello(bytes: Buffer): ClientHello {
  const message: Buffer[] = []
  let length = 0
  let needed = 4
  let at = 0
  while (length < needed) {
    if (bytes.length < at + 5) return looksRight(bytes.subarray(at)) ? { more: at + 5 } : 'not tls'
    const size = bytes.readUInt16BE(at + 3)
    if (!looksRight(bytes.subarray(at, at + 5)) || size === 0 || size > largestRecord) return 'not tls'
    const part = bytes.subarray(at + 5, at + 5 + size)
    message.push(part)
    length += part.length
    if (length >= 4 && needed === 4) {
      const head = Buffer.concat(message)
      if (head[0] !== clientHello) return 'not tls'
      needed = 4 + head.readUIntBE(1, 3)
    }
    if (part.length < size && length < needed) return { more: at + 5 + size }
    at += 5 + size
  }
  return nameIn(Buffer.concat(message).subarray(4, needed))
}

/** Handshake, version 3.x: as far as it is there. */
const looksRight = (head: Buffer) => (head[0] ?? handshake) === handshake && (head[1] ?? 3) === 3 && (head[2] ?? 0) <= 4

function nameIn(hello: Buffer): ClientHello {
  try {
    const reader = openReader(hello)
    reader.skip(2 + 32)
    reader.skip(reader.number(1))
    reader.skip(reader.number(2))
    reader.skip(reader.number(1))
    if (reader.left() === 0) return { name: undefined }
    const extensions = openReader(reader.take(reader.number(2)))
    const names: string[] = []
    while (extensions.left() > 0) {
      const type = extensions.number(2)
      const content = extensions.take(extensions.number(2))
      if (type === serverName) names.push(...namesOf(content))
    }
    return names.length > 1 || reader.left() > 0 ? 'not tls' : { name: names[0] }
  } catch {
    return 'not tls'
  }
}

function namesOf(content: Buffer): readonly string[] {
  const list = openReader(content)
  const entries = openReader(list.take(list.number(2)))
  const names: string[] = []
  while (entries.left() > 0) {
    const type = entries.number(1)
    const name = entries.take(entries.number(2)).toString('latin1')
    if (type !== 0) throw new RangeError('no host name')
    names.push(name)
  }
  if (list.left() > 0 || names.length === 0) throw new RangeError('no list of names')
  return names
}

/** Throws `RangeError` past the end. */
function openReader(bytes: Buffer) {
  let at = 0
  const take = (count: number) => {
    if (at + count > bytes.length) throw new RangeError('too short')
    at += count
    return bytes.subarray(at - count, at)
  }
  return {
    take,
    skip: (count: number) => void take(count),
    number: (size: 1 | 2) => take(size).readUIntBE(0, size),
    left: () => bytes.length - at,
  }
}
