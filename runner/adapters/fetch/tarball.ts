import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { TreeFile } from '../../lib/pack-tree.ts'
import { readTar } from '../../lib/read-tar.ts'
import { meter, Refused, safeLink, safePath } from './guard.ts'

/** A .tar.gz, unpacked into numbered files of `staging`. Links inside the tree stay, devices and hard links are refused. */
export async function readTarball(path: string, staging: string): Promise<TreeFile[]> {
  const files: TreeFile[] = []
  const count = meter()
  const unpacked = createReadStream(path).pipe(createGunzip())
  for await (const { header, body, skip } of readTar(unpacked)) {
    count.entry()
    if (header.type === 'directory') skip()
    else if (header.type === 'symlink') {
      const name = safePath(header.name)
      files.push({ path: name, link: safeLink(name, header.linkname ?? '') })
      skip()
    } else if (header.type === 'file' || header.type === 'contiguous-file') {
      const name = safePath(header.name)
      count.bytes(header.size ?? 0)
      const executable = ((header.mode ?? 0) & 0o111) !== 0
      const to = join(staging, String(files.length))
      if ((header.size ?? 0) <= 4096) files.push({ path: name, executable, content: await buffer(body) })
      else {
        await pipeline(body, createWriteStream(to))
        files.push({ path: name, executable, content: { file: to } })
      }
    } else throw new Refused(`${JSON.stringify(header.name)} is a ${header.type}`)
  }
  return files
}
