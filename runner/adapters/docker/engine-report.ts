import type { Engine } from './engine.ts'
import { freeSpace } from './watchdog.ts'

/** What `proctor doctor` says of an engine. `warnings`: limits that it cannot hold, in its own words. */
export type EngineReport = {
  readonly version: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly storageDriver: string
  readonly cgroupVersion: string
  readonly limits: { readonly memory: boolean; readonly swap: boolean; readonly cpu: boolean; readonly pids: boolean }
  readonly warnings: readonly string[]
  readonly baseImage?: { readonly id: string; readonly digest: string; readonly created: string }
  /** Of the engine's data root, when that is on this machine. */
  readonly freeBytes?: number
  readonly snapshots: { readonly count: number; readonly bytes: number }
}

export async function reportEngine(engine: Engine, base = 'proctor-base:latest'): Promise<EngineReport> {
  const { docker, call } = engine
  const limits = { deadlineMs: 15_000 }
  const info = await call('ask the engine about itself', () => docker.info(), limits)
  const image = await docker
    .getImage(base)
    .inspect()
    .catch(() => undefined)
  const filters = { label: ['proctor.kind=snapshot'] }
  const snapshots = await call('list snapshots', () => docker.listImages({ filters }), limits)
  const free = await freeSpace(info.DockerRootDir).catch(() => undefined)
  return {
    version: info.ServerVersion,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    storageDriver: info.Driver,
    cgroupVersion: info.CgroupVersion ?? '1',
    limits: { memory: info.MemoryLimit, swap: info.SwapLimit, cpu: info.CpuCfsQuota, pids: info.PidsLimit ?? false },
    warnings: info.Warnings ?? [],
    ...(image ? { baseImage: { id: image.Id, digest: image.Config.Labels?.['proctor.base'] ?? '', created: image.Created } } : {}),
    ...(free === undefined ? {} : { freeBytes: free }),
    snapshots: { count: snapshots.length, bytes: snapshots.reduce((total, { Size }) => total + Size, 0) },
  }
}
