import type { Exec, ExecOptions, Sandbox } from '../../seams/sandbox.ts'
import type { CodingCli } from './cli.ts'

/** In words, which settings of the workspace `cli` obeys although nobody trusts them. Asked before it runs; looking at it costs a few milliseconds. */
export async function obeyedWarnings({ name, obeys = [] }: CodingCli, sandbox: Sandbox, options: ExecOptions): Promise<string[]> {
  if (obeys.length === 0) return []
  let found = ''
  const onOutput: ExecOptions['onOutput'] = ({ stream, bytes }) => {
    if (stream === 'stdout') found += Buffer.from(bytes).toString()
  }
  const script = 'for path; do [ ! -e "$path" ] || printf "%s\\n" "$path"; done'
  await sandbox.exec(['bash', '-c', script, 'bash', ...obeys], { ...options, onOutput }).catch((): Exec | undefined => undefined)
  return obeys
    .filter((path) => found.split('\n').includes(path))
    .map((path) => `${name} obeys \`${path}\` of the workspace, whatever it is told: what it did may be the workspace's doing.`)
}
