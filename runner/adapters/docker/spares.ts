import type { Image, Profile } from '../../seams/sandbox.ts'
import type { ContainerSpec } from './profile.ts'
import type { DockerSandbox } from './sandbox.ts'

/** `gateway`: with a door to it. */
export type OpenRequest = Omit<ContainerSpec, 'command' | 'stdin' | 'door'> & { readonly gateway: boolean }
export type Spares = AsyncDisposable & {
  /** A sandbox that is already up, else a new one. While more runs of the kind will follow, the next is started meanwhile. */
  take(image: Image, profile: Profile, signal: AbortSignal): Promise<DockerSandbox>
}

/** What started ahead is idle and costs memory only, but a batch never needs more at hand than it runs at once. */
const mostOfAKind = 4

type Spare = { readonly sandbox: Promise<DockerSandbox | undefined> }

export function openSpares(open: (request: OpenRequest, signal: AbortSignal) => Promise<DockerSandbox>): Spares {
  const shelves = new Map<string, Spare[]>()
  const closing = new AbortController()

  const stock = (shelf: Spare[], image: Image, profile: Profile) => {
    if (closing.signal.aborted || shelf.length >= Math.min(profile.more ?? 0, mostOfAKind)) return
    // A spare that cannot start is no loss: whoever needs it opens its own, and hears why that fails.
    shelf.push({ sandbox: open(request(image, profile, 'spare'), closing.signal).catch(() => undefined) })
  }

  return {
    async take(image, profile, signal) {
      signal.throwIfAborted()
      if (profile.keep) return open(request(image, profile, profile.kind), signal)
      const { network, resources, sudo, gateway, online } = profile
      const key = JSON.stringify([image.id, network, resources, sudo, gateway, online])
      const shelf = shelves.get(key) ?? []
      shelves.set(key, shelf)
      const spare = shelf.shift()
      stock(shelf, image, profile)
      const ready = spare && (await withAbort(spare, shelf, signal))
      return ready?.alive ? ready : open(request(image, profile, profile.kind), signal)
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('closing'))
      for (const shelf of shelves.values()) for (const { sandbox } of shelf.splice(0)) await (await sandbox)?.[Symbol.asyncDispose]()
    },
  }
}

/** Who gives up while it still starts puts it back. */
async function withAbort(spare: Spare, shelf: Spare[], signal: AbortSignal): Promise<DockerSandbox | undefined> {
  const left = Promise.withResolvers<never>()
  const leave = () => left.reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([spare.sandbox, left.promise])
  } catch (thrown) {
    shelf.push(spare)
    throw thrown
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

function request(
  image: Image,
  { run, network, resources, sudo, keep, gateway, online }: Profile,
  kind: 'agent' | 'grade' | 'spare',
): OpenRequest {
  const privileges = sudo ? 'sudo' : 'none'
  return {
    kind,
    image: image.id,
    network: online ? 'open' : network,
    gateway,
    resources,
    privileges,
    ...(kind === 'spare' ? {} : { run }),
    ...(keep ? { keep } : {}),
  }
}
