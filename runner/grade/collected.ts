import { scanTar } from '../lib/tar.ts'

const most = { files: 2000, bytes: 32 * 1024 * 1024 }

/** The plain files of what a sandbox left at one path, as text. A link in their place, an archive cut short or nothing at all is no file. */
export async function collectedFiles(tar: Uint8Array | undefined): Promise<readonly { readonly name: string; readonly text: string }[]> {
  if (!tar) return []
  const files: { name: string; text: string }[] = []
  let bytes = 0
  const entry = ({ name, type, size }: { name: string; type: string; size: number }) => {
    bytes += size
    if (type !== 'file' || bytes > most.bytes || files.length >= most.files) return undefined
    const chunks: Uint8Array[] = []
    return {
      write: (chunk: Uint8Array) => void chunks.push(Uint8Array.from(chunk)),
      end: () => void files.push({ name, text: Buffer.concat(chunks).toString() }),
    }
  }
  try {
    await scanTar(once(tar), { entry })
  } catch {
    // The agent's code ran beside these files: what cannot be read is not there, and that is graded.
  }
  return files
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
