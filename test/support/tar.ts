/** A tar entry by hand, for what no packer would write: names as latin1 bytes, any type, a size that lies, pax records. */
export type RawEntry = {
  readonly name: string
  readonly type?: string
  readonly mode?: number
  readonly content?: string | Uint8Array
  readonly size?: number
  readonly target?: string
  readonly pax?: Readonly<Record<string, string>>
}

export const rawTar = (entries: readonly RawEntry[]): Buffer => Buffer.concat([...entries.flatMap(rawEntry), Buffer.alloc(1024)])

/** The same in pieces of `size` bytes. */
export async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function rawEntry({ name, type = '0', mode = 0o644, content = '', size, target = '', pax }: RawEntry): Buffer[] {
  const body = Buffer.from(content)
  const records = Object.entries(pax ?? {}).map(([key, value]) => record(key, value))
  const meta = Buffer.concat(records)
  return [
    ...(pax ? [header({ name: 'pax', type: 'x', mode, size: meta.length, target: '' }), padded(meta)] : []),
    header({ name, type, mode, size: size ?? body.length, target }),
    padded(body),
  ]
}

function record(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`, 'latin1')
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function header({ name, type, mode, size, target }: { name: string; type: string; mode: number; size: number; target: string }): Buffer {
  const block = Buffer.alloc(512)
  block.write(name.slice(0, 100), 0, 'latin1')
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  if (size < 8 ** 11) block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  else {
    block[124] = 0x80
    block.writeBigUInt64BE(BigInt(size), 128)
  }
  block.write(type, 156)
  block.write(target.slice(0, 100), 157, 'latin1')
  block.write('ustar\x0000', 257)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
