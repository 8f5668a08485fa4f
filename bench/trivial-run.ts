import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bareLifecycles, measure, median, trivialPackage } from './measure.ts'

/**
 * `node bench/trivial-run.ts [--runs 40] [--width 2] [--rounds 5]`: what a run costs through the whole product, above its start-up, beside
 * the bare engine: (wall of N runs - wall of 1 run) / (N - 1), over a bare lifecycle at the same width. Rounds alternate.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '40' }, width: { type: 'string', default: '2' }, rounds: { type: 'string', default: '5' } },
})
const [runs, width, rounds] = [Number(values.runs), Number(values.width), Number(values.rounds)]
const one = await trivialPackage(1)
const many = await trivialPackage(runs)
const run = async (folder: string) => {
  await rm(join(folder, 'out'), { recursive: true, force: true })
  return measure(['script/proctor', 'run', folder, '--out', join(folder, 'out'), '--concurrency', String(width), '--quiet'])
}

await run(one)
const ratios: number[] = []
const cpu: number[] = []
for (let round = 1; round <= rounds; round++) {
  const bare = await bareLifecycles({ runs, width })
  const [first, all] = [await run(one), await run(many)]
  const each = (all.ms - first.ms) / (runs - 1)
  ratios.push(each / bare)
  cpu.push((all.cpuMs - first.cpuMs) / (runs - 1))
  console.log(
    `round ${round}: bare ${bare.toFixed(0)} ms, ours ${each.toFixed(0)} ms a run, ratio ${(each / bare).toFixed(2)}, own CPU ${cpu.at(-1)?.toFixed(1)} ms`,
  )
}
console.log(`median ratio ${median(ratios).toFixed(2)} (bar 1.6), own CPU a run ${median(cpu).toFixed(1)} ms (bar 40)`)
await Promise.all([one, many].map((folder) => rm(folder, { recursive: true, force: true })))
