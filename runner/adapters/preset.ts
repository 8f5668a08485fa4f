import { join } from 'node:path'
import { ProctorError } from '../domain/error.ts'
import type { Plan } from '../domain/plan.ts'
import type { Earlier } from '../seams/earlier.ts'
import type { Gateway } from '../seams/gateway.ts'
import type { Publisher } from '../seams/publisher.ts'
import type { Sandboxes } from '../seams/sandbox.ts'
import type { Watch } from '../seams/watch.ts'
import type { World } from '../seams/world.ts'
import type { Housekeeping } from './docker/docker.ts'
import { openCredentials } from './environment/credentials.ts'
import { openFetcher } from './fetch/fetcher.ts'
import type { FolderBlobs } from './folder/blobs.ts'
import { openFolder } from './folder/folder.ts'
import { openGit } from './git/source.ts'
import { openTrees } from './git/trees.ts'
import { providersOf } from './upstream/accounts.ts'
import { describeAccount } from './upstream/chat-accounts.ts'

export type Preset = {
  readonly out: string
  readonly cacheDir: string
  /** Where what a person stored lies: credentials, encrypted. */
  readonly configDir: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly watch: Watch
  readonly keepSandboxes: boolean
  /** Folders of recorded model answers: where to keep them, or where to take them from instead of asking anybody. */
  readonly record?: string | undefined
  readonly replay?: { readonly agent: string; readonly judge: string } | undefined
  /** Whether report files are refreshed while runs finish. */
  readonly live: boolean
  /** Where the report is shown besides the output folder. */
  readonly alsoPublish?: readonly Publisher[]
  /** Output folders of earlier plans that whoever asks vouches for, the best first: what they hold with the same keys is not run again. */
  readonly earlier?: readonly string[]
}
export type OpenWorld = World & AsyncDisposable & { readonly blobs: FolderBlobs; storedPlan(): Promise<Plan> }

/** The world of one machine: Docker, git, a folder, an OpenAI-compatible judge. What a command does not use is never loaded. */
export async function openWorld({
  out,
  cacheDir,
  configDir,
  variables,
  version,
  watch,
  keepSandboxes,
  record,
  replay,
  live,
  alsoPublish = [],
  earlier = [],
}: Preset): Promise<OpenWorld> {
  await using closing = new AsyncDisposableStack()
  const warn = (text: string) => watch({ at: 'warned', text })
  const folder = closing.use(await openFolder({ out, live, version, alsoPublish, warn }))
  const docker = once(async () => {
    const { openDocker } = await import('./docker/docker.ts')
    return closed.use(openDocker({ ...local({ variables, cacheDir }), blobs: folder.blobs }))
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
  const credentials = openCredentials({ variables, folder: configDir })
  const closed = closing.move()
  return {
    ...folder,
    ...(earlier.length > 0 && { earlier: lazyEarlier(earlier, { blobs: folder.blobs, warn }) }),
    sandboxes: lazySandboxes(docker),
    trees: openTrees({ cacheDir: join(cacheDir, 'baselines'), variables }),
    gateway,
    model: { complete: async (...given) => (await model()).complete(...given), describe },
    credentials,
    fetcher: openFetcher({
      blobs: folder.blobs,
      git: openGit(variables),
      credentials,
      cacheDir: join(cacheDir, 'sources'),
      registries: registries(variables),
      apart: [out, ...(record ? [record] : []), ...(replay ? [replay.agent, replay.judge] : [])],
    }),
    watch,
    version,
    keepSandboxes,
    [Symbol.asyncDispose]: () => closed.disposeAsync(),
  }
}

/** The engine without a store: what `doctor` looks at and cleans, and where `images` builds. */
export async function openEngine(given: Pick<Preset, 'variables' | 'cacheDir'>): Promise<Engine> {
  const { openDocker } = await import('./docker/docker.ts')
  const nothing = { get: () => Promise.reject(new ProctorError('internal_error', 'here is no store')) }
  return openDocker({ ...local(given), blobs: nothing })
}
export type Engine = Housekeeping & AsyncDisposable
export type { CustomImage, ImageShelf } from './docker/images/image-shelf.ts'

/** Everything on one machine is one organisation's, unless somebody says otherwise, and equally trusted. */
const local = ({ variables, cacheDir }: Pick<Preset, 'variables' | 'cacheDir'>) => ({
  dockerHost: variables.DOCKER_HOST,
  organisation: variables.PROCTOR_ORGANISATION || 'local',
  trust: 'local',
  imagesDir: join(cacheDir, 'images'),
})

export { gitName, openStore } from './environment/credentials.ts'
export { unpackZip } from './fetch/unpack-zip.ts'
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
export const knownProviders = (variables: Preset['variables']) => providersOf(variables, false)

/** Where the registries are, as pip and npm themselves are told. */
const registries = (variables: Preset['variables']) => ({
  pypi: (variables.PIP_INDEX_URL ?? 'https://pypi.org/simple').replace(/\/+$/, ''),
  npm: (variables.npm_config_registry ?? variables.NPM_CONFIG_REGISTRY ?? 'https://registry.npmjs.org').replace(/\/+$/, ''),
})

function lazyEarlier(folders: readonly string[], given: { readonly blobs: FolderBlobs; warn(text: string): void }): Earlier {
  const open = once(async () => (await import('./folder/others/earlier.ts')).folderEarlier({ folders, ...given }))
  return { find: async (keys) => (await open()).find(keys) }
}

function lazySandboxes(open: () => Promise<Sandboxes>): Sandboxes {
  return {
    prepare: async (...given) => (await open()).prepare(...given),
    open: async (...given) => (await open()).open(...given),
    once: async (...given) => (await open()).once(...given),
    read: async (...given) => (await open()).read(...given),
  }
}

/** `begun`: opened, and told of the plan if there is one. */
function lazyGateway(open: () => Promise<Gateway>, providers: Gateway['providers']): Gateway & { begun(): Promise<Gateway | undefined> } {
  let plan: Parameters<Gateway['begin']> | undefined
  async function begun() {
    const gateway = await open()
    if (plan) gateway.begin(...plan)
    plan = undefined
    return gateway
  }
  return {
    providers,
    begin(asked, done) {
      plan = [asked, [...done]] // as it is now: what is added later is spent from here
    },
    begun: async () => (plan ? begun() : undefined),
    admit: async (admission) => (await begun()).admit(admission),
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
