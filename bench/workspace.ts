import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { connect } from '../runner/adapters/docker/engine.ts'
import { openTestRooms } from '../test/support/rooms.ts'
import { median } from './measure.ts'

/**
 * A run with a workspace of 5 MB in 500 files, one edit, and one command scorer in isolated grading, beside the bare lifecycle of a container
 * (create, start, exec, remove). Rounds alternate, because the machine is never quiet. Prints medians in ms, and their ratio.
 */
const { rounds, files, kib } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    files: { type: 'string', default: '500' },
    kib: { type: 'string', default: '10' },
  },
}).values

const engine = connect({ dockerHost: process.env.DOCKER_HOST, log: () => {} })
const text = () => `${randomBytes(45).toString('base64')}\n`.repeat(Math.ceil((Number(kib) * 1024) / 61))
const tree = Object.fromEntries(Array.from({ length: Number(files) }, (_, at) => [`src/part${at % 20}/file${at}.py`, text()]))
await using house = await openTestRooms(tree)

const steps = new Map<string, number[]>()
const ours: number[] = []
const bare: number[] = []
const cpu: number[] = []
await run()
await lifecycle()
steps.clear()
for (let round = 0; round < Number(rounds); round++) {
  bare.push(await timed(lifecycle))
  const before = process.cpuUsage()
  ours.push(await timed(run))
  const { user, system } = process.cpuUsage(before)
  cpu.push((user + system) / 1000)
}
for (const [name, times] of steps) console.log(name.padEnd(16), median(times).toFixed(0))
console.log('bare lifecycle  ', median(bare).toFixed(0))
console.log('whole run       ', median(ours).toFixed(0), `own CPU ${median(cpu).toFixed(0)}`)
console.log('ratio           ', median(ours.map((time, at) => time / (bare[at] ?? Number.NaN))).toFixed(2))
engine.close()

async function run(): Promise<void> {
  await using rooms = house.open(house.makeRun({}))
  const sandbox = await step('open', () => rooms.agentSandbox())
  await step('edit', () => sandbox.exec(['sed', '-i', '1s/^/x/', 'src/part3/file3.py'], { cwd: '/home/user/workspace', timeoutMs: 60_000 }))
  const { work } = await step('take and diff', () => rooms.takeWork(sandbox))
  const room = await rooms.room(house.recordOf(house.makeRun({}), work))
  const { exitCode } = await step('grade', () =>
    room.grade({ command: ['grep', '-q', '^x', 'src/part3/file3.py'], as: 'user', timeoutMs: 60_000 }),
  )
  if (exitCode !== 0) throw new Error('the edit did not reach grading')
}

async function lifecycle(): Promise<void> {
  const container = await engine.docker.createContainer({
    Image: 'proctor-base:latest',
    Cmd: ['sleep', '600'],
    HostConfig: { NetworkMode: 'none', Init: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], PidsLimit: 256 },
  })
  await container.start()
  const exec = await container.exec({ Cmd: ['echo', 'hi'], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({})
  await new Promise((resolve) => stream.on('end', resolve).resume())
  await container.remove({ force: true })
}

async function timed(what: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await what()
  return performance.now() - started
}

async function step<T>(name: string, what: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await what()
  steps.set(name, [...(steps.get(name) ?? []), performance.now() - started])
  return result
}
