import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { type GitHub, ownerAndName } from '../client.ts'
import { createOnce } from '../create-once.ts'

type Release = { readonly id: number; readonly upload_url: string }
/** `label` marks an asset as ours: one of the same name that somebody else attached stays. */
type Asset = {
  readonly github: GitHub
  readonly log: (line: string) => void
  readonly repo: string
  readonly release: Release
  readonly file: string
  readonly name: string
  readonly label: string
}
type Found = {
  readonly id: number
  readonly state: string
  readonly size: number
  readonly label: string | null
  readonly digest?: string | null
}

/** Attaches a file to a release in the place of an earlier one of ours; says so when it cannot. */
export async function attach({ github, log, repo, release, file, name, label }: Asset): Promise<void> {
  const { repos } = github.api.rest
  const size = (await stat(file).catch(() => undefined))?.size
  if (size === undefined || size > mostBytes)
    return log(`${name} is not attached: ${size === undefined ? 'there is none' : 'it is too large'}`)
  const bytes = await readFile(file)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const remove = ({ id }: Found) => repos.deleteReleaseAsset({ ...ownerAndName(repo), asset_id: id })
  const existing = async (): Promise<Found | undefined> => {
    const all = await github.api.paginate(repos.listReleaseAssets, { ...ownerAndName(repo), release_id: release.id, per_page: 100 })
    return all.find((asset) => asset.name === name)
  }

  const before = await existing()
  if (before && before.label !== label) return log(`${name} is not attached: the release has one that is not ours`)
  if (before?.digest === digest) return
  if (before) await remove(before)
  await createOnce({
    github,
    create: async () => {
      const upload = {
        ...ownerAndName(repo),
        release_id: release.id,
        url: release.upload_url,
        name,
        label,
        headers: { 'content-type': 'text/html; charset=utf-8', 'content-length': bytes.length },
        data: bytes as unknown as string, // the client sends bytes as they are
        request: { signal: AbortSignal.timeout(github.transferMs) },
      }
      return (await repos.uploadReleaseAsset(upload)).data as Found
    },
    // An upload that broke off leaves an asset without content, which keeps its name from the next.
    async find() {
      const left = await existing()
      if (left?.state === 'uploaded' && left.size === bytes.length) return left
      if (left) await remove(left)
      return undefined
    },
  })
}
const mostBytes = 256 * 2 ** 20
