import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'

/** `ms` wall clock, `cpuMs` of the process itself (not of the engine), `rssMb` at its peak. */
export type Cost = { readonly ms: number; readonly cpuMs: number; readonly rssMb: number }

/** Ticks of /proc a second, on every Linux that Node runs on. */
const ticks = 100

/** A whole process, from start to end. Throws when its exit code is not the expected one. */
export async function measure(command: readonly string[], { expected = 0, cwd = process.cwd() } = {}): Promise<Cost> {
  const began = performance.now()
  const child = spawn(command[0] ?? '', command.slice(1), { cwd, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, CI: '1' } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  let last = { cpuMs: 0, rssMb: 0 }
  const look = () => {
    last = lookAt(child.pid ?? 0) ?? last
  }
  const timer = setInterval(look, 20)
  const code = await new Promise<number | null>((ended) => child.on('close', ended))
  clearInterval(timer)
  if (code !== expected) throw new Error(`${command.join(' ')}: exit ${code}\n${said}`)
  return { ms: performance.now() - began, ...last }
}

function lookAt(pid: number): { cpuMs: number; rssMb: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return { cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks, rssMb: Number(peak ?? 0) / 1024 }
  } catch {
    return undefined
  }
}

/** The bare engine: create, start, exec an echo, force remove; so many at once. Returns ms a run. */
export async function bareLifecycles({ runs, width }: { runs: number; width: number }): Promise<number> {
  const engine = new Docker()
  const began = performance.now()
  let left = runs
  const worker = async () => {
    while (left-- > 0) {
      const container = await engine.createContainer({
        Image: 'proctor-base:latest',
        Cmd: ['sleep', '60'],
        HostConfig: { NetworkMode: 'none' },
      })
      await container.start()
      const exec = await container.exec({ Cmd: ['echo', 'hello'], AttachStdout: true })
      const stream = await exec.start({})
      await new Promise((end) => stream.on('end', end).resume())
      await container.remove({ force: true })
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  return (performance.now() - began) / runs
}

/** A repository of one trivial agent with so many samples and a response scorer. Returns its folder. */
export async function trivialPackage(samples: number, environment = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proctor-bench-'))
  await mkdir(join(folder, 'evals'))
  await writeFile(
    join(folder, 'agent.yaml'),
    `apiVersion: proctor/v1\nkind: PythonFunction\nname: trivial\nconcurrency_cap: 64\n${environment}`,
  )
  await writeFile(
    join(folder, 'main.py'),
    'def run(task_input, *, proxy_url, run_token):\n    return "ok " + task_input["user_instruction"]\n',
  )
  await writeFile(
    join(folder, 'evals', 'e.yaml'),
    'apiVersion: proctor/v1\nkind: Eval\nname: e\ndataset: d.csv\njudge: none\nscorers:\n  - {name: ok, type: response, contains: ok}\n',
  )
  await writeFile(join(folder, 'evals', 'd.csv'), `user\n${Array.from({ length: samples }, (_, index) => `question ${index}\n`).join('')}`)
  return folder
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}
