/** The same bytes in larger pieces: 100,000 tiny writes to a socket or a file take longer than all that is in them. */
export async function* coalesce(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, size = 65_536): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of bytes) {
    held.push(chunk)
    heldBytes += chunk.length
    if (heldBytes < size) continue
    yield held.length === 1 ? chunk : Buffer.concat(held)
    held = []
    heldBytes = 0
  }
  if (heldBytes > 0) yield Buffer.concat(held)
}
