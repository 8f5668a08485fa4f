import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export type OwnEngine = {
  readonly host: string
  kill(): Promise<void> /** After it was killed. */
  start(): Promise<void>
} & AsyncDisposable

/** A container engine of the test's own, with the base image on it, that may be killed: own socket, data root, bridge. Needs root. */
export async function ownEngine(): Promise<OwnEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-engine-'))
  const host = `unix://${folder}/docker.sock`
  const docker = (...args: string[]) =>
    execFileSync('docker', ['--host', host, ...args], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 })
  const bridge = newBridge()
  const begin = () =>
    spawn(
      'dockerd',
      [
        '--host',
        host,
        '--data-root',
        `${folder}/data`,
        '--exec-root',
        `${folder}/exec`,
        '--pidfile',
        `${folder}/pid`,
        '--bridge',
        bridge,
        '--iptables=false',
      ],
      { stdio: 'ignore' },
    )
  let daemon = begin()
  const answered = async () => {
    for (let tries = 0; !answers(docker); tries++) {
      if (tries > 100) throw new Error(`dockerd on ${host} did not answer`)
      await wait(200)
    }
  }
  const engine: OwnEngine = {
    host,
    kill: () => end(daemon, 'SIGKILL'),
    async start() {
      // Its containerd died with it, and the next one would wait for the sockets of that.
      await rm(`${folder}/exec/containerd`, { recursive: true, force: true, maxRetries: 5 })
      daemon = begin()
      await answered()
    },
    async [Symbol.asyncDispose]() {
      await end(daemon, 'SIGTERM')
      // A killed engine leaves its containerd and shims to themselves.
      spawn('pkill', ['-9', '-f', folder])
      execFileSync('ip', ['link', 'delete', bridge])
      await wait(500)
      spawn('sh', ['-c', `grep -o '${folder}[^ ]*' /proc/mounts | sort -r | xargs -r -n1 umount -l`])
      await wait(500)
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 }).catch(() => {})
    },
  }
  await answered()
  execFileSync('sh', ['-c', `docker save proctor-base:latest | docker --host ${host} load`], { stdio: 'ignore' })
  return engine
}

/** With `--bridge none` an engine removes docker0 when it starts, which is its neighbour's. */
function newBridge(): string {
  const name = `proctor${process.pid % 100_000}`
  const third = process.pid % 250
  execFileSync('ip', ['link', 'add', 'name', name, 'type', 'bridge'])
  execFileSync('ip', ['address', 'add', `10.213.${third}.1/24`, 'dev', name])
  execFileSync('ip', ['link', 'set', name, 'up'])
  return name
}

function answers(docker: (...args: string[]) => unknown): boolean {
  try {
    docker('version')
    return true
  } catch {
    return false
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((done) => child.once('exit', done))
  child.kill(signal)
  await closed
}
