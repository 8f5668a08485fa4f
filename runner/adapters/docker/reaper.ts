import type Docker from 'dockerode'
import type { Maker } from './container.ts'
import { type Engine, statusOf } from './engine.ts'
import { lastUse, snapshotRepository } from './images/snapshots.ts'
import { isOwed, settled } from './owed.ts'
import { type Life, lifeOf, type Owner, thisProcess } from './owner.ts'

/** Something of ours on the engine. `kept` ones are somebody's on purpose; `unknown` ones belong to another machine or container. */
export type Leftover = {
  readonly what: 'container' | 'network' | 'volume'
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly run: string
  readonly owner: Owner
  readonly state: Life | 'kept'
}

const label = 'proctor.owner'

/** Everything on the engine that carries our label, whoever made it. */
export async function findLeftovers(engine: Engine): Promise<readonly Leftover[]> {
  const filters = { label: [label] }
  const list = <T>(what: string, run: () => Promise<T>) => engine.call(`list ${what}`, run)
  const [containers, networks, volumes] = await Promise.all([
    list('containers', () => engine.docker.listContainers({ all: true, filters })),
    list('networks', () => engine.docker.listNetworks({ filters })),
    list('volumes', () => engine.docker.listVolumes({ filters })),
  ])
  return [
    ...containers.map(({ Id, Names, Labels }) => toLeftover('container', Id, Names[0]?.replace(/^\//, '') ?? Id, Labels)),
    ...networks.map(({ Id, Name, Labels }) => toLeftover('network', Id, Name, Labels ?? {})),
    ...(volumes.Volumes ?? []).map(({ Name, Labels }) => toLeftover('volume', Name, Name, Labels ?? {})),
  ]
}

/** Removes what has no live owner; never a neighbour's, and what was kept only when asked to. Returns what is gone. */
export async function reap(engine: Engine, { kept = false }: { readonly kept?: boolean } = {}): Promise<readonly Leftover[]> {
  const dead = (await findLeftovers(engine)).filter(
    (one) => one.state === 'dead' || (kept && one.state === 'kept') || (one.owner === thisProcess() && isOwed(one)),
  )
  const order = ['container', 'network', 'volume'] as const
  for (const what of order)
    await Promise.all(
      dead
        .filter((one) => one.what === what)
        .map((one) =>
          engine
            .call(`remove ${one.name}`, () => remove(engine.docker, one))
            .catch(unlessGone)
            .then(() => settled(one)),
        ),
    )
  return dead
}

/** Removes snapshots that nobody used for so many days. One that a container still stands on stays. Returns their names. */
export async function prune({ engine }: Maker, days: number): Promise<readonly string[]> {
  const filters = { label: ['proctor.kind=snapshot'] }
  const images = await engine.call('list snapshots', () => engine.docker.listImages({ filters }))
  const oldest = Date.now() - days * 86_400_000
  const gone: string[] = []
  for (const { Id, RepoTags } of images) {
    const image = engine.docker.getImage(Id)
    const found = await engine.call('look at a snapshot', () => image.inspect()).catch(unlessGone)
    if (!found || lastUse(found) > oldest) continue
    const removed = await engine.call('remove a snapshot', () => image.remove({ force: false })).catch(unlessGone)
    if (removed) gone.push(RepoTags?.find((tag) => tag.startsWith(snapshotRepository)) ?? Id)
  }
  return gone
}

function toLeftover(what: Leftover['what'], id: string, name: string, labels: Record<string, string>): Leftover {
  const kind = labels['proctor.kind'] ?? ''
  const owner = labels[label] ?? ''
  const state = kind === 'kept' ? 'kept' : lifeOf(owner)
  return { what, id, name, kind, run: labels['proctor.run'] ?? '', owner, state }
}

function remove(docker: Docker, { what, id }: Leftover): Promise<unknown> {
  if (what === 'container') return docker.getContainer(id).remove({ force: true, v: true })
  return what === 'network' ? docker.getNetwork(id).remove() : docker.getVolume(id).remove()
}

/** Somebody else was faster, or something still uses it. */
function unlessGone(thrown: unknown): undefined {
  const status = statusOf(thrown)
  if (status !== 404 && status !== 409) throw thrown
}
