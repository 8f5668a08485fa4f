import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ProctorError } from '../../domain/error.ts'
import { type GitHub, ownerAndName } from './client.ts'

const tries = 3

/** The archive of an artifact as a file that only we may read. Throws when it has more bytes, and leaves no part of it. */
export async function downloadArtifact(github: GitHub, repo: string, id: number, file: string, mostBytes: number): Promise<void> {
  for (let tried = 1; ; tried++) {
    const address = await addressOf(github, repo, id)
    try {
      return await download({ github, address, id, file, mostBytes })
    } catch (error) {
      await rm(file, { force: true })
      if (error instanceof ProctorError || tried === tries)
        throw error instanceof ProctorError
          ? error
          : new ProctorError('github_failed', `artifact ${id} could not be downloaded: ${words(error)}`)
      await github.wait(tried ** 2)
    }
  }
}

/** Signed, good for a minute, and of another host: it is neither shown, nor asked with the token. */
async function addressOf(github: GitHub, repo: string, id: number): Promise<string> {
  const asked = { ...ownerAndName(repo), artifact_id: id, archive_format: 'zip', request: { redirect: 'manual' } } as const
  const { headers } = await github.api.rest.actions.downloadArtifact(asked)
  if (!headers.location) throw new ProctorError('github_failed', `GitHub did not say where artifact ${id} is`)
  return headers.location
}

type Download = {
  readonly github: GitHub
  readonly address: string
  readonly id: number
  readonly file: string
  readonly mostBytes: number
}

async function download({ github, address, id, file, mostBytes }: Download): Promise<void> {
  const answer = await fetch(address, { headers: { 'user-agent': github.userAgent }, signal: AbortSignal.timeout(github.transferMs) })
  if (!answer.ok || !answer.body) throw new Error(`its storage answered ${answer.status}`)
  let bytes = 0
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > mostBytes)
        throw new ProctorError(
          'event_unsupported',
          `artifact ${id} has more than ${Math.floor(mostBytes / 2 ** 20)} MB, which is no result of proctor`,
        )
      yield chunk
    }
  }
  await pipeline(Readable.fromWeb(answer.body), counted, createWriteStream(file, { mode: 0o600 }))
}

/** Without the address, which opens the archive to everybody. */
const words = (error: unknown) => (error instanceof Error ? error.message.replace(/https?:\/\/\S+/g, '…') : 'unknown')
