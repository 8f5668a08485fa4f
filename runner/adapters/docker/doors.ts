import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ProctorError } from '../../domain/error.ts'
import { lifeOf, type Owner } from './owner.ts'

/** Folders of the host through which a sandbox meets its gateway's socket. */
export type Doors = AsyncDisposable & {
  /** Everybody in the sandbox can look into it; nobody else of the host comes as far, for the folder around it is ours alone. */
  open(): Promise<string>
  close(door: string): Promise<void>
}

/** Short, because the address of a socket has only about a hundred characters. */
const prefix = 'proctor-'

/** `local`: whether the engine is this machine's; another one cannot mount what lies here. */
export function openDoors(owner: Owner, local: boolean): Doors {
  let made: Promise<string> | undefined
  const around = () => {
    made ??= (async () => {
      const folder = await mkdtemp(join(tmpdir(), prefix))
      await writeFile(join(folder, 'owner'), owner)
      return folder
    })()
    return made
  }
  return {
    async open() {
      if (!local)
        throw new ProctorError(
          'feature_unsupported',
          'The engine of DOCKER_HOST is on another machine, and the gateway is reached through a socket of this one. Use `network: none` or `open`, or a local engine.',
        )
      const door = await mkdtemp(join(await around(), 'd'))
      await chmod(door, 0o755)
      return door
    },
    close: (door) => rm(door, { recursive: true, force: true }),
    async [Symbol.asyncDispose]() {
      if (made) await rm(await made, { recursive: true, force: true })
    },
  }
}

/** Removes the folders of owners that are dead; never a living neighbour's. Returns their paths. */
export async function reapDoors(parent = tmpdir()): Promise<readonly string[]> {
  const folders = (await readdir(parent, { withFileTypes: true })).filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix))
  const gone = await Promise.all(
    folders.map(async ({ name }) => {
      const path = join(parent, name)
      const owner = await readFile(join(path, 'owner'), 'utf8').catch(() => undefined)
      if (owner === undefined || lifeOf(owner) !== 'dead') return []
      await rm(path, { recursive: true, force: true })
      return [path]
    }),
  )
  return gone.flat()
}
