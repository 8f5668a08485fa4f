import { join } from 'node:path'
import { ProctorError } from '../domain/error.ts'
import type { Plan } from '../domain/plan.ts'
import type { Earlier } from '../seams/earlier.ts'
import type { Publisher } from '../seams/publisher.ts'
import type { Watch } from '../seams/watch.ts'
import type { World } from '../seams/world.ts'
import type { Housekeeping } from './docker/docker.ts'
import type { BuildTurns } from './docker/images/build-turns.ts'
import { openCredentials } from './environment/credentials.ts'
import { openFetcher } from './fetch/fetcher.ts'
import type { FolderBlobs } from './folder/blobs.ts'
import { openFolder } from './folder/folder.ts'
import { openGit } from './git/source.ts'
import { openTrees } from './git/trees.ts'
import { lazyGateway, lazySandboxes, once } from './lazy.ts'
import { providersOf } from './upstream/accounts.ts'
import { describeAccount } from './upstream/chat-accounts.ts'

/** A machine that runs sandboxes, whatever store it works for. */
export type Machine = {
  readonly cacheDir: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly watch: Watch
  readonly keepSandboxes: boolean
  /** Folders of recorded model answers: where to keep them, or where to take them from instead of asking anybody. */
  readonly record?: string | undefined
  readonly replay?: { readonly agent: string; readonly judge: string } | undefined
  /** Whose images it makes, and what else may start from them. Default: everything on one machine is one organisation's, and equally trusted. */
  readonly images?: { readonly organisation: string; readonly trust: string; readonly turns?: BuildTurns }
}
export type Preset = Machine & {
  readonly out: string
  /** Where what a person stored lies: credentials, encrypted. */
  readonly configDir: string
  /** Whether report files are refreshed while runs finish. */
  readonly live: boolean
  /** Where the report is shown besides the output folder. */
  readonly alsoPublish?: readonly Publisher[]
  /** Output folders of earlier plans that whoever asks vouches for, the best first: what they hold with the same keys is not run again. */
  readonly earlier?: readonly string[]
}
export type OpenWorld = World & AsyncDisposable & { readonly blobs: FolderBlobs; storedPlan(): Promise<Plan> }
/** Where results are kept and credentials come from. `apart`: folders of our own that no source may be taken from. */
export type Backing = Pick<World, 'records' | 'blobs' | 'publisher' | 'credentials' | 'earlier'> & { readonly apart?: readonly string[] }

/** The world of one machine: Docker, git, a folder, an OpenAI-compatible judge. What a command does not use is never loaded. */
export async function openWorld(preset: Preset): Promise<OpenWorld> {
  const { out, configDir, variables, version, live, watch, alsoPublish = [], earlier: folders = [] } = preset
  await using closing = new AsyncDisposableStack()
  const warn = (text: string) => watch({ at: 'warned', text })
  const folder = closing.use(await openFolder({ out, live, version, alsoPublish, warn }))
  const earlier = folders.length > 0 ? lazyEarlier(folders, { blobs: folder.blobs, warn }) : undefined
  const credentials = openCredentials({ variables, folder: configDir })
  const world = closing.use(worldOn(preset, { ...folder, credentials, ...(earlier && { earlier }), apart: [out] }))
  const closed = closing.move()
  return {
    ...world,
    blobs: folder.blobs,
    storedPlan: folder.storedPlan,
    [Symbol.asyncDispose]: () => closed.disposeAsync(),
  }
}

/** The same machine for a store that is somebody else's to close. */
export function worldOn(machine: Machine, { apart = [], ...backing }: Backing): World & AsyncDisposable {
  const { cacheDir, variables, version, watch, keepSandboxes, record, replay } = machine
  const closing = new AsyncDisposableStack()
  const docker = once(async () => {
    const { openDocker } = await import('./docker/docker.ts')
    return closing.use(openDocker({ ...engineOf(machine), blobs: backing.blobs }))
  })
  const upstream = once(async () =>
    (await import('./upstream/upstream.ts')).openUpstream({ variables, ...(record ? { record } : {}), ...(replay ? { replay } : {}) }),
  )
  const gateway = lazyGateway(
    once(async () => (await import('./gateway/gateway.ts')).openGateway({ upstream: await upstream(), variables })),
    providersOf(variables, replay !== undefined),
  )
  const describe = (name: string) => describeAccount(name, variables, replay !== undefined)
  const model = once(async () => {
    await gateway.begun() // the judge spends from the same budgets
    return (await import('./openai/model.ts')).openModel({ upstream: await upstream(), describe })
  })
  return {
    ...backing,
    sandboxes: lazySandboxes(docker),
    trees: openTrees({ cacheDir: join(cacheDir, 'baselines'), variables }),
    gateway,
    model: { complete: async (...given) => (await model()).complete(...given), describe },
    fetcher: openFetcher({
      blobs: backing.blobs,
      git: openGit(variables),
      credentials: backing.credentials,
      cacheDir: join(cacheDir, 'sources'),
      registries: registries(variables),
      apart: [...apart, ...(record ? [record] : []), ...(replay ? [replay.agent, replay.judge] : [])],
    }),
    watch,
    version,
    keepSandboxes,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** The engine without a store: what `doctor` looks at and cleans, and where `images` builds. */
export async function openEngine(given: Pick<Machine, 'variables' | 'cacheDir'>): Promise<Engine> {
  const { openDocker } = await import('./docker/docker.ts')
  const nothing = { get: () => Promise.reject(new ProctorError('internal_error', 'here is no store')) }
  return openDocker({ ...engineOf(given), blobs: nothing })
}
export type Engine = Housekeeping & AsyncDisposable
export type { BuildTurns } from './docker/images/build-turns.ts'
export type { CustomImage, ImageShelf } from './docker/images/image-shelf.ts'

const engineOf = ({ variables, cacheDir, images }: Pick<Machine, 'variables' | 'cacheDir' | 'images'>) => ({
  dockerHost: variables.DOCKER_HOST,
  organisation: images?.organisation ?? (variables.PROCTOR_ORGANISATION || 'local'),
  trust: images?.trust ?? 'local',
  ...(images?.turns && { turns: images.turns }),
  imagesDir: join(cacheDir, 'images'),
})

export { gitName, openStore } from './environment/credentials.ts'
export { unpackTree } from './fetch/unpack-tree.ts'
export { unpackZip } from './fetch/unpack-zip.ts'
export { type FolderBlobs, folderBlobs } from './folder/blobs.ts'
export { packPlan, unpackPlan } from './folder/pack.ts'
export { type OwnTree, takeTrees } from './git/own-repository.ts'

/** Loaded by who has output folders of other machines alone. */
export const readDurations: Durations = async (folders) => (await import('./folder/others/durations.ts')).readDurations(folders)
export const writeManifest: Manifest = async (...given) => (await import('./folder/others/manifest.ts')).writeManifest(...given)
export const mergeShards: Merge = async (...given) => (await import('./folder/others/merge-shards.ts')).mergeShards(...given)
type Durations = typeof import('./folder/others/durations.ts').readDurations
type Manifest = typeof import('./folder/others/manifest.ts').writeManifest
type Merge = typeof import('./folder/others/merge-shards.ts').mergeShards

/** GitHub's own parts are large: only the doors that speak to it load them. */
export const loadGitHub = () => import('./github/github.ts')

/** Where a judge would be asked, in one line. Throws `agent_model_unresolved`. */
export const describeModel = describeAccount

/** Model providers that the host's environment has a key or an address for. */
export const knownProviders = (variables: Machine['variables']) => providersOf(variables, false)

/** Where the registries are, as pip and npm themselves are told. */
const registries = (variables: Machine['variables']) => ({
  pypi: (variables.PIP_INDEX_URL ?? 'https://pypi.org/simple').replace(/\/+$/, ''),
  npm: (variables.npm_config_registry ?? variables.NPM_CONFIG_REGISTRY ?? 'https://registry.npmjs.org').replace(/\/+$/, ''),
})

function lazyEarlier(folders: readonly string[], given: { readonly blobs: FolderBlobs; warn(text: string): void }): Earlier {
  const open = once(async () => (await import('./folder/others/earlier.ts')).folderEarlier({ folders, ...given }))
  return { find: async (keys) => (await open()).find(keys) }
}
