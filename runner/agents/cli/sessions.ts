import { Readable } from 'node:stream'
import { readTar } from '../../lib/read-tar.ts'
import type { Sandbox } from '../../seams/sandbox.ts'
import { places } from '../places.ts'
import type { CodingCli, SessionFile } from './cli.ts'

/** Of one folder's tar, and of the logs taken from it. A CLI's log of a long run has some megabytes; an agent can make it what it likes. */
const mostTar = 256 * 1024 * 1024
const mostLogs = 64 * 1024 * 1024
const mostFiles = 500

/** The session logs that a CLI left, by name: what can be had of them. Never throws, for the agent owns the place. */
export async function takeSessions(sandbox: Sandbox, places: CodingCli['sessions']): Promise<readonly SessionFile[]> {
  const taken: SessionFile[] = []
  const room = { bytes: mostLogs }
  for (const place of places) await takeFolder(sandbox, place, { taken, room }).catch(() => {})
  return taken.sort((a, b) => (a.path < b.path ? -1 : 1))
}

type Taking = { readonly taken: SessionFile[]; readonly room: { bytes: number } }

async function takeFolder(sandbox: Sandbox, { folder, files }: CodingCli['sessions'][number], { taken, room }: Taking): Promise<void> {
  const tar = await sandbox.take(`${places.home}/${folder}`)
  if (!tar) return
  for await (const { header, body, skip } of readTar(Readable.from(bounded(tar)))) {
    const bytes = header.size ?? 0
    if (header.type !== 'file' || !files.test(header.name) || bytes > room.bytes || taken.length >= mostFiles) skip()
    else {
      room.bytes -= bytes
      const pieces: Uint8Array[] = []
      for await (const piece of body) pieces.push(piece)
      taken.push({ path: header.name, bytes: Buffer.concat(pieces) })
    }
  }
}

/** Copies, because a chunk is good only until the next is asked for. */
async function* bounded(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of tar) {
    bytes += chunk.length
    if (bytes > mostTar) return
    yield Buffer.from(chunk)
  }
}
