import { execFile } from 'node:child_process'
import { access, constants, statfs } from 'node:fs/promises'
import type Docker from 'dockerode'
import type { Facts } from './container.ts'
import type { Engine } from './engine.ts'

/** `over`: the sandbox holds more than its limit. `full`: the engine's own disk has no room left for anybody. */
type DiskEnd = 'over' | 'full'
export type Watchdog = {
  /** Until disposed. `end` is called at most once. */
  watch(container: Docker.Container, diskMb: number, end: (why: DiskEnd) => void): Disposable
}

type Watched = {
  readonly container: Docker.Container
  readonly limit: number
  readonly end: (why: DiskEnd) => void
  readonly since: number
  measuredAt: number
  measuring: boolean
  upperDir?: string | undefined
}

const mib = 1024 * 1024
/** Asking the file system for its free space costs microseconds; measuring a sandbox costs a walk of its files. */
const tickMs = 400
/** So much less free space than when everybody was last measured, and they are measured again. */
const stepBytes = 128 * mib
/** Where nobody can see the free space, or others free as much as one takes. */
const measureEveryMs = 10_000
const reserveBytes = 256 * mib

/** Ends sandboxes that take more disk than they may. A short run is never looked at. */
export function openWatchdog(engine: Engine, facts: () => Promise<Facts>): Watchdog {
  const watched = new Set<Watched>()
  let timer: NodeJS.Timeout | undefined
  let lowest: number | undefined

  return {
    watch(container, diskMb, end) {
      const now = performance.now()
      const one: Watched = { container, limit: diskMb * mib, end, since: now, measuredAt: now, measuring: false }
      watched.add(one)
      timer ??= setInterval(() => void look().catch(() => {}), tickMs)
      return {
        [Symbol.dispose]() {
          watched.delete(one)
          if (watched.size > 0) return
          clearInterval(timer)
          timer = undefined
          lowest = undefined
        },
      }
    },
  }

  async function look(): Promise<void> {
    const free = await freeSpace((await facts()).dataRoot)
    if (free !== undefined && free < reserveBytes) return relieve()
    lowest = Math.max(lowest ?? 0, free ?? 0)
    const fallen = free !== undefined && lowest - free >= stepBytes
    if (fallen) lowest = free
    const now = performance.now()
    for (const one of watched) if (fallen || now - one.measuredAt > measureEveryMs) void enforce(one).catch(() => {})
  }

  async function enforce(one: Watched): Promise<void> {
    if (one.measuring) return
    one.measuring = true
    try {
      if ((await measure(engine, one)) > one.limit && watched.delete(one)) one.end('over')
    } finally {
      one.measuring = false
      one.measuredAt = performance.now()
    }
  }

  /** The largest goes first. Within its limit it is not to blame, so it is told that the disk is full. */
  async function relieve(): Promise<void> {
    const sizes = await Promise.all([...watched].map(async (one) => ({ one, bytes: await measure(engine, one).catch(() => 0) })))
    const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0]
    if (largest && watched.delete(largest.one)) largest.one.end(largest.bytes > largest.one.limit ? 'over' : 'full')
  }
}

export async function freeSpace(dataRoot: string | undefined): Promise<number | undefined> {
  if (dataRoot === undefined) return undefined
  const { bavail, bsize } = await statfs(dataRoot)
  return bavail * bsize
}

/** Bytes of disk that a sandbox really takes: a sparse file counts for its blocks. */
async function measure(engine: Engine, one: Watched): Promise<number> {
  one.upperDir ??= await findUpperDir(engine, one.container)
  if (one.upperDir) return blocksOf(one.upperDir)
  const inspect = (abortSignal: AbortSignal) => one.container.inspect({ size: true, abortSignal } as Docker.ContainerInspectOptions) // `size` is missing in the types
  const { SizeRw = 0 } = (await engine.call('measure a container', inspect)) as { SizeRw?: number } // comes with `size` only
  return SizeRw
}

/** Readable for root on the engine's machine; elsewhere '' , and the engine's own sum of file lengths has to do. */
async function findUpperDir(engine: Engine, container: Docker.Container): Promise<string> {
  const { GraphDriver } = await engine.call('inspect a container', (abortSignal) => container.inspect({ abortSignal }))
  // The engine names the fields of each storage driver, its types none of them.
  const upperDir = (GraphDriver?.Data as { UpperDir?: string } | undefined)?.UpperDir
  if (!upperDir) return ''
  return access(upperDir, constants.R_OK | constants.X_OK).then(
    () => upperDir,
    () => '',
  )
}

function blocksOf(folder: string): Promise<number> {
  return new Promise((resolve) => {
    // Files come and go under it, so its exit code says nothing.
    execFile('du', ['-sx', '--block-size=1', '--', folder], { timeout: 20_000 }, (_error, stdout) =>
      resolve(Number.parseInt(stdout, 10) || 0),
    )
  })
}
