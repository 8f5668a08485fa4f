import { places } from '../../agents/places.ts'
import type { EnvironmentFile } from '../../domain/agent.ts'
import type { BlobRef } from '../../domain/blob.ts'
import type { Environment, Layer, Resources } from '../../domain/environment.ts'

/**
 * An environment that somebody wrote, as layers: what changes least comes first. An agent's setup command may read its `code`,
 * which therefore is part of the image, and of what the image is known by. It sees plain variables only: an image outlives the run.
 */
export function environmentOf(file: EnvironmentFile, code?: BlobRef): Environment {
  const { env, network = 'none', resources, sudo } = file
  return { recipe: layers(file, code), env, network, resources: resourcesOf(resources), sudo }
}

const step = { network: 'open', blame: 'environment_setup_failed' } as const

function layers({ system_packages, requirements, setup_command, env }: EnvironmentFile, code: BlobRef | undefined): Layer[] {
  const packages: Layer = {
    ...step,
    run: `${apt} ${words(system_packages)} && rm -rf /var/lib/apt/lists/*`,
    as: 'root',
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  }
  const python: Layer = { ...step, run: `${pip} ${words(requirements)}`, as: 'root' }
  const plain = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  const setup: Layer = { ...step, run: setup_command ?? '', as: 'user', cwd: code ? places.agent : places.home, env: plain }
  return [
    ...(system_packages.length > 0 ? [packages] : []),
    ...(requirements.length > 0 ? [python] : []),
    ...(setup_command !== undefined && code ? [{ put: code, at: places.agent }] : []),
    ...(setup_command !== undefined ? [setup] : []),
  ]
}

const apt = 'apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends --'
/** For every user of the sandbox, a grader too, not only for the one who runs pip. */
const pip = 'python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --'

/** Each word quoted for a POSIX shell. */
export const words = (list: readonly string[]): string => list.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')

function resourcesOf({ cpus, memory, pids, disk }: EnvironmentFile['resources']): Resources {
  return { cpus, memoryMb: mebibytes(memory), pids, diskMb: mebibytes(disk) }
}

/** `512m`, `1.5g`; the schema let nothing else through. */
const mebibytes = (size: string) => Math.max(1, Math.ceil(Number.parseFloat(size) * (/g$/i.test(size) ? 1024 : 1)))
