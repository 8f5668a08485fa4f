import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measure, median } from './measure.ts'

/**
 * `node bench/start-up.ts [--rounds 15] [--bundle]`: `proctor --version` and `proctor validate` on a repository of 20 packages, whole
 * processes, beside `node -e 0`. From sources, or with --bundle from dist/ (script/build makes it).
 */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, bundle: { type: 'boolean', default: false } } })
const proctor = values.bundle ? [process.execPath, 'dist/proctor.js'] : ['script/proctor']
const folder = await twentyPackages()
const commands = { node: [process.execPath, '-e', '0'], version: [...proctor, '--version'], validate: [...proctor, 'validate', folder] }

const times: Record<keyof typeof commands, number[]> = { node: [], version: [], validate: [] }
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const name of ['node', 'version', 'validate'] as const) {
    const { ms } = await measure(commands[name])
    // The first round fills the compile cache.
    if (round > 0) times[name].push(ms)
  }
}
const ratio = (name: 'version' | 'validate') => median(times[name].map((ms, round) => ms / (times.node[round] ?? Number.NaN)))
console.log(`node -e 0 ${median(times.node).toFixed(0)} ms`)
console.log(`--version ${median(times.version).toFixed(0)} ms, ratio ${ratio('version').toFixed(1)} (bar 3)`)
console.log(`validate  ${median(times.validate).toFixed(0)} ms, ratio ${ratio('validate').toFixed(1)} (bar 8)`)
await rm(folder, { recursive: true, force: true })

async function twentyPackages(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'proctor-bench-'))
  for (let index = 0; index < 20; index++) {
    const at = join(root, 'agents', `agent-${index}`)
    await mkdir(join(at, 'evals'), { recursive: true })
    await writeFile(
      join(at, 'agent.yaml'),
      `apiVersion: proctor/v1\nkind: PythonFunction\nname: agent-${index}\nenvironment:\n  requirements: [httpx]\n`,
    )
    await writeFile(join(at, 'main.py'), 'def run(task_input, *, proxy_url, run_token):\n    return "ok"\n')
    await writeFile(
      join(at, 'evals', 'e.yaml'),
      `apiVersion: proctor/v1\nkind: Eval\nname: e-${index}\ndataset: d.csv\njudge: none\nscorers:\n  - {name: ok, type: response, contains: ok}\n`,
    )
    await writeFile(join(at, 'evals', 'd.csv'), `user,order\n${'Where is it?,4521\n'.repeat(10)}`)
  }
  return root
}
