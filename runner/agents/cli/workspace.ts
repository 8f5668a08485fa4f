import type { Exec, ExecOptions, Sandbox } from '../../seams/sandbox.ts'
import type { CodingCli } from './cli.ts'

/** `warnings`: which settings of the workspace the CLI obeys although nobody trusts them. `clear` takes away what it made there for itself; never throws. */
type Surroundings = { readonly warnings: readonly string[]; clear(): Promise<void> }

const timeoutMs = 30_000

/** Looks at the workspace before a CLI runs in it. Costs a few milliseconds, and nothing for a CLI about which there is nothing to know. Never throws. */
export async function lookAround({ name, obeys = [], litter = [] }: CodingCli, sandbox: Sandbox, cwd: string): Promise<Surroundings> {
  const found = await present([...obeys, ...litter], sandbox, cwd)
  const ours = litter.filter((path) => !found.includes(path))
  return {
    warnings: obeys
      .filter((path) => found.includes(path))
      .map((path) => `${name} obeys \`${path}\` of the workspace, whatever it is told: what it did may be the workspace's doing.`),
    async clear() {
      if (ours.length > 0) await sandbox.exec(['rm', '-rf', '--', ...ours], { cwd, timeoutMs }).catch(() => {})
    },
  }
}

async function present(paths: readonly string[], sandbox: Sandbox, cwd: string): Promise<readonly string[]> {
  if (paths.length === 0) return []
  let found = ''
  const onOutput: ExecOptions['onOutput'] = ({ stream, bytes }) => {
    if (stream === 'stdout') found += Buffer.from(bytes).toString()
  }
  const script = 'for path; do [ ! -e "$path" ] || printf "%s\\n" "$path"; done'
  await sandbox.exec(['bash', '-c', script, 'bash', ...paths], { cwd, timeoutMs, onOutput }).catch((): Exec | undefined => undefined)
  return found.split('\n')
}
