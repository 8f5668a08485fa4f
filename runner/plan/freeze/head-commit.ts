import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The commit that a work tree is at, read without git; undefined outside a repository. What is not committed yet is not in it. */
export async function headCommit(repository: string): Promise<string | undefined> {
  const dotGit = join(repository, '.git')
  const pointer = await text(dotGit)
  const folder = pointer?.startsWith('gitdir: ') ? resolve(repository, pointer.slice('gitdir: '.length)) : dotGit
  const head = await text(join(folder, 'HEAD'))
  if (head === undefined || !head.startsWith('ref: ')) return commit(head)
  const ref = head.slice('ref: '.length)
  const common = resolve(folder, (await text(join(folder, 'commondir'))) ?? '.')
  const packed = (await text(join(common, 'packed-refs'))) ?? ''
  return commit(
    (await text(join(common, ref))) ??
      packed
        .split('\n')
        .find((line) => line.endsWith(` ${ref}`))
        ?.split(' ')[0],
  )
}

const commit = (found: string | undefined) => (found !== undefined && /^[0-9a-f]{40,64}$/.test(found) ? found : undefined)
const text = (path: string) =>
  readFile(path, 'utf8').then(
    (found) => found.trim(),
    () => undefined,
  )
