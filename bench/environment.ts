import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { measure, trivialPackage } from './measure.ts'

/** `node bench/environment.ts`: the first run of an environment with packages of apt and pip, which builds its image, against the second. Needs the network. */
const folder = await trivialPackage(
  1,
  `environment:\n  system_packages: [jq, graphviz, imagemagick]\n  requirements: [httpx, pandas]\n  env: {BENCH: "${randomUUID()}"}\n  setup_command: echo ${randomUUID()} > /home/user/.bench\n`,
)
const run = async (out: string) => measure(['script/proctor', 'run', folder, '--out', join(folder, out), '--quiet'])
const first = await run('first')
const second = await run('second')
console.log(`first ${first.ms.toFixed(0)} ms, second ${second.ms.toFixed(0)} ms: 1/${(first.ms / second.ms).toFixed(1)} (bar 1/20)`)
await rm(folder, { recursive: true, force: true })
