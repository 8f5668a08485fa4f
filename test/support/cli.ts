import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Report } from '../../runner/domain/report.ts'

export const root = join(import.meta.dirname, '..', '..')
export type Ended = { readonly pid: number; readonly code: number | null; readonly stdout: string; readonly stderr: string }
type Options = {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly onOutput?: (text: string, child: ChildProcess) => void
  /** On a machine without any network, not even its own loopback; the engine is reached by its socket. */
  readonly offline?: boolean
}

/** The CLI as a person starts it: a process of its own. */
export async function proctor(args: readonly string[], { cwd = root, env = {}, onOutput, offline = false }: Options = {}): Promise<Ended> {
  const [program = '', ...before] = [...(offline ? ['unshare', '--net'] : []), join(root, 'script', 'proctor')]
  const child = spawn(program, [...before, ...args], {
    cwd,
    env: { ...process.env, CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onOutput?.(text, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    onOutput?.(text, child)
  })
  const code = await new Promise<number | null>((ended, failed) => child.on('close', ended).on('error', failed))
  return { pid: child.pid ?? 0, code, stdout, stderr }
}

/** report.json of an output folder. */
export const readReport = async (out: string): Promise<Report> => JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))
