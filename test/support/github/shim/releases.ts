import { createHash } from 'node:crypto'
import type { Answer } from '../artifacts.ts'
import { gitOf } from '../mirror.ts'
import { senderOf } from '../webhooks/changes.ts'
import { pushed } from '../webhooks/pushes.ts'
import { type Ask, invalid, type Json, notFound, type Shim, type Shims, type World } from '../world.ts'
import { shaOf } from './compare.ts'
import { refsOf } from './refs.ts'

/** Bytes of assets, tags of releases, and the host that assets are sent to: the emulator has none of them. */
const repo = '/repos/{owner}/{repo}'
const taken = (resource: string, field: string) => invalid('Validation Failed', [{ resource, code: 'already_exists', field }])

const create: Shim = async (ask, world) => {
  const { tag_name: tag, target_commitish: target, draft } = ask.json as { tag_name: string; target_commitish?: string; draft?: boolean }
  if (!ask.known) return notFound()
  const isTagged = refsOf(ask.known, `refs/tags/${tag}`).some(({ name }) => name === `refs/tags/${tag}`)
  const at = shaOf(ask.known, target ?? 'main', world)
  if (!isTagged && at === undefined)
    return invalid('Validation Failed', [{ resource: 'Release', code: 'invalid', field: 'target_commitish' }])
  const answer = await world.forward(ask)
  if (answer.status === 422) return taken('Release', 'tag_name')
  if (answer.status === 201 && !isTagged && !draft && at !== undefined) {
    const ref = `refs/tags/${tag}`
    gitOf(ask.known.git.bare)('update-ref', ref, at)
    await pushed(world, ask.known, { push: { ref, before: '0'.repeat(40), after: at }, by: senderOf(ask) })
  }
  return mended(answer, ask, world)
}

const one: Shim = async (ask, world) => mended(await world.forward(ask), ask, world)

const list: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  return Array.isArray(answer.body) ? { ...answer, body: answer.body.map((release: Json) => releaseOf(release, ask, world)) } : answer
}

const assets: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  return Array.isArray(answer.body) ? { ...answer, body: answer.body.map((asset: Asset) => assetOf(asset, ask, world)) } : answer
}

const upload: Shim = async (ask, world) => {
  if (!ask.known) return notFound()
  const path = `${ask.path}?per_page=100`
  const { body: there } = await world.forward({ ...ask, method: 'GET', body: Buffer.alloc(0), token: ask.known.token }, { path })
  const name = githubName(ask.query.get('name') ?? '')
  if (ask.body.length === 0)
    return invalid('Validation Failed', [{ resource: 'ReleaseAsset', code: 'custom', message: 'size is too small' }])
  if (Array.isArray(there) && there.some((asset: Asset) => asset.name === name)) return taken('ReleaseAsset', 'name')
  const query = new URLSearchParams(ask.query)
  query.set('name', name)
  const answer = await world.forward(ask, { path: `${ask.path}?${query}` })
  if (answer.status !== 201) return answer
  const asset = answer.body as Asset // as the description has it
  bytesOf(world).set(asset.id, ask.body)
  return { ...answer, body: assetOf(asset, ask, world) }
}

const asset: Shim = async (ask, world) => {
  const answer = await world.forward(ask)
  if (answer.status !== 200) return answer
  const found = answer.body as Asset // as the description has it
  const bytes = bytesOf(world).get(found.id)
  if (!ask.accept.includes('octet-stream') || !bytes) return { ...answer, body: assetOf(found, ask, world) }
  return { status: 302, headers: { location: world.offer(`release-assets/${found.id}`, { bytes, isSigned: true }) } }
}

export const releases: Shims = {
  [`GET ${repo}/releases`]: list,
  [`POST ${repo}/releases`]: create,
  [`GET ${repo}/releases/latest`]: one,
  [`GET ${repo}/releases/tags/{tag}`]: one,
  [`GET ${repo}/releases/{release_id}`]: one,
  [`PATCH ${repo}/releases/{release_id}`]: one,
  [`GET ${repo}/releases/{release_id}/assets`]: assets,
  [`POST ${repo}/releases/{release_id}/assets`]: upload,
  [`GET ${repo}/releases/assets/{asset_id}`]: asset,
  [`PATCH ${repo}/releases/assets/{asset_id}`]: asset,
}

type Asset = Json & { readonly id: number; readonly name: string }
const memory = new WeakMap<World, Map<number, Buffer>>()
function bytesOf(world: World): Map<number, Buffer> {
  const bytes = memory.get(world) ?? new Map()
  memory.set(world, bytes)
  return bytes
}

/** Spaces and whatever is special become dots. */
const githubName = (name: string): string => name.replaceAll(/[^\w.\-+~@]+/g, '.')

const mended = (answer: Answer, ask: Ask, world: World): Answer =>
  answer.status >= 300 ? answer : { ...answer, body: releaseOf(answer.body as Json, ask, world) } // as the description has it

function releaseOf(release: Json, ask: Ask, world: World): Json {
  const { assets = [] } = release as { assets?: readonly Asset[] } // as the description has it
  return {
    ...release,
    upload_url: `${world.uploadUrl}/repos/${ask.known?.name}/releases/${release.id}/assets{?name,label}`,
    assets: assets.map((one) => assetOf(one, ask, world)),
  }
}

function assetOf(asset: Asset, { known }: Ask, world: World): Json {
  const bytes = bytesOf(world).get(asset.id)
  return {
    ...asset,
    browser_download_url: `${world.serverUrl}/${known?.name}/releases/download/${asset.id}/${asset.name}`,
    digest: bytes ? `sha256:${createHash('sha256').update(bytes).digest('hex')}` : null,
  }
}
