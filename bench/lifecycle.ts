import { parseArgs } from 'node:util'
import { pack } from 'tar-stream'
import { openDocker } from '../runner/adapters/docker/docker.ts'
import type { Resources } from '../runner/domain/environment.ts'
import { bareLifecycles, median } from './measure.ts'

/**
 * What a sandbox costs over the bare engine: `node bench/lifecycle.ts [--runs 40] [--width 2] [--rounds 5]`.
 * bare: create, start, one exec of echo, force remove. ours: open, put a small tar, exec echo, close.
 * Rounds alternate, so that whatever else the machine does falls on both; the ratio is the median of the rounds' ratios.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '40' }, width: { type: 'string', default: '2' }, rounds: { type: 'string', default: '5' } },
})
const [runs, width, rounds] = [Number(values.runs), Number(values.width), Number(values.rounds)]
const image = 'proctor-base:latest'
const resources: Resources = { cpus: 1, memoryMb: 512, pids: 256, diskMb: 1024 }
const signal = new AbortController().signal

const results: { bare: Cost; ours: Cost; once: Cost }[] = []
for (let round = 0; round <= rounds; round += 1) {
  const measured = {
    bare: await timed(async () => void (await bareLifecycles({ runs, width }))),
    ours: await timed(ourBatch),
    once: await timed(onceBatch),
  }
  // The first round fills the caches of both.
  if (round === 0) continue
  results.push(measured)
  console.log(`round ${round}  ${line('bare', measured.bare)}  ${line('ours', measured.ours)}  ${line('once', measured.once)}`)
}
const ratio = (which: 'ours' | 'once') => median(results.map((one) => one[which].ms / one.bare.ms)).toFixed(2)
const cpu = (which: 'bare' | 'ours' | 'once') => median(results.map((one) => one[which].cpuMs)).toFixed(1)
console.log(`agent sandbox / bare: ${ratio('ours')}   grading sandbox / bare: ${ratio('once')}`)
console.log(`own CPU a run, ms: bare ${cpu('bare')}, agent ${cpu('ours')}, grading ${cpu('once')}`)

type Cost = { readonly ms: number; readonly cpuMs: number }
async function timed(batch: () => Promise<void>): Promise<Cost> {
  const before = process.cpuUsage()
  const began = performance.now()
  await batch()
  const ms = (performance.now() - began) / runs
  const { user, system } = process.cpuUsage(before)
  return { ms, cpuMs: (user + system) / 1000 / runs }
}

async function ourBatch(): Promise<void> {
  await using docker = openSandboxes()
  const base = await docker.prepare([{ base: image }], { signal })
  let left = runs
  await each(async () => {
    left -= 1
    await using sandbox = await docker.open(
      base,
      { run: 'bench', kind: 'agent', network: 'none', gateway: false, resources, sudo: true, more: left },
      signal,
    )
    await sandbox.put('/home/user/agent', smallTar())
    const { exitCode } = await sandbox.exec(['echo', 'hello'])
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}`)
  })
}

async function onceBatch(): Promise<void> {
  await using docker = openSandboxes()
  const base = await docker.prepare([{ base: image }], { signal })
  await each(async () => {
    const done = await docker.once(base, { run: 'bench', command: ['cat'], stdin: smallTar(), timeoutMs: 60_000, resources }, signal)
    if (done.exitCode !== 0) throw new Error(`exit code ${done.exitCode}`)
  })
}

function openSandboxes() {
  return openDocker({
    organisation: 'bench',
    trust: 'bench',
    blobs: { get: () => Promise.reject(new Error('no blobs here')) },
    log: (text) => console.error(text),
  })
}

async function each(run: () => Promise<void>): Promise<void> {
  let left = runs
  const worker = async () => {
    while (left-- > 0) await run()
  }
  await Promise.all(Array.from({ length: width }, worker))
}

function smallTar(): ReadableStream<Uint8Array> {
  const tar = pack()
  tar.entry({ name: 'main.py' }, 'def run(task_input):\n    return "ok"\n')
  tar.finalize()
  // The types of tar-stream yield `any`.
  return ReadableStream.from(tar as unknown as AsyncIterable<Uint8Array>)
}

function line(name: string, { ms, cpuMs }: Cost): string {
  return `${name} ${ms.toFixed(0)} ms (own CPU ${cpuMs.toFixed(1)})`
}
