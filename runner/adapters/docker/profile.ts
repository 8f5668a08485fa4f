import type Docker from 'dockerode'
import type { Network, Resources } from '../../domain/environment.ts'

/** What a container is for. `spare` waits for a run; `kept` outlives its process on purpose and is never reaped. */
type Kind = 'agent' | 'grade' | 'build' | 'spare' | 'read' | 'kept'

export type ContainerSpec = {
  readonly kind: Kind
  readonly run?: string
  /** Default: a random one. */
  readonly name?: string
  readonly image: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly user?: string
  readonly network: Network
  readonly resources: Resources
  readonly privileges: Privileges
  readonly stdin: boolean
  readonly keep?: boolean
  /** A folder of the host that the container sees, read-only, as /run/proctor: the only mount there is. */
  readonly door?: string
}
/** `sudo`: what sudo, apt, pip and npm were measured to need. `grade`: what a root launcher needs to hand out files and drop to a user. `none`: nothing, for ever. */
type Privileges = 'sudo' | 'grade' | 'none'

const capabilities: Record<Privileges, readonly string[]> = {
  sudo: ['SETUID', 'SETGID', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'AUDIT_WRITE', 'FSETID', 'KILL'],
  grade: ['SETUID', 'SETGID', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL'],
  none: [],
}

/** The engine's words for a sandbox. `cpus` of the engine bounds ours, because it refuses more than it has. */
export function createOptions(spec: ContainerSpec, { owner, cpus }: { owner: string; cpus: number }): Docker.ContainerCreateOptions {
  return {
    Image: spec.image,
    Cmd: [...spec.command],
    Entrypoint: [],
    Hostname: 'sandbox',
    Env: Object.entries(spec.env ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    Labels: {
      'proctor.kind': spec.keep ? 'kept' : spec.kind,
      'proctor.owner': owner,
      'proctor.run': spec.run ?? '',
    },
    Tty: false,
    OpenStdin: spec.stdin,
    // A driver whose host died reads the end of its stdin and ends the sandbox; a kept one is to stay.
    StdinOnce: spec.stdin && !spec.keep,
    AttachStdin: spec.stdin,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: hostConfig(spec, cpus),
  }
}

function hostConfig({ resources, privileges, network, door }: ContainerSpec, cpus: number): Docker.HostConfig {
  const memory = Math.round(resources.memoryMb * 1024 * 1024)
  return {
    Init: true,
    NetworkMode: networkMode(network),
    CapDrop: ['ALL'],
    CapAdd: [...capabilities[privileges]],
    SecurityOpt: privileges === 'sudo' ? [] : ['no-new-privileges'],
    Memory: memory,
    MemorySwap: memory,
    NanoCpus: Math.round(Math.min(resources.cpus, cpus) * 1e9),
    PidsLimit: resources.pids,
    Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
    IpcMode: 'private',
    ...(door === undefined
      ? {}
      : {
          Mounts: [
            {
              Type: 'bind' as const,
              Source: door,
              Target: '/run/proctor',
              ReadOnly: true,
              BindOptions: { Propagation: 'rprivate' as const },
            },
          ],
        }),
    // The default driver would write every byte of output to the engine's disk a second time, without a limit.
    LogConfig: { Type: 'none', Config: {} },
  }
}

/** The gateway is reached through a socket, so a container that may reach models and some hosts has no network either. */
const networkMode = (network: Network): string => (network === 'open' ? 'bridge' : 'none')
