import { readFileSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { measure, trivialPackage } from './measure.ts'

/** `node bench/thousand.ts`: a batch of 1,000 samples on the real engine: peak memory of proctor, and what the report weighs and takes to write. */
const folder = await trivialPackage(1000)
const out = join(folder, 'out')
const all = await measure(['script/proctor', 'run', folder, '--out', out, '--quiet'])
const report = await measure(['script/proctor', 'report', out])
const { totals } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))
if (totals.pass !== 1000) throw new Error(`${totals.pass} of 1000 passed`)
console.log(
  `1,000 runs in ${(all.ms / 1000).toFixed(0)} s, peak ${all.rssMb.toFixed(0)} MB (bar 250), own CPU ${(all.cpuMs / 1000).toFixed(1)} ms a run`,
)
console.log(
  `report written in ${(report.ms / 1000).toFixed(2)} s, start-up and all (bar 3), ${(statSync(join(out, 'report.html')).size / 1e6).toFixed(1)} MB (bar 15)`,
)
await rm(folder, { recursive: true, force: true })
