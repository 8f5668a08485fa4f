import type { ExecOptions, Sandbox } from '../../seams/sandbox.ts'
import type { CodingCli } from './cli.ts'
import { beside } from './place.ts'

/** `warnings`: what was kept out of the workspace, and what could not be. `restore` puts it back as it was, and takes away what the CLI made there for itself; never throws. */
type Cleared = { readonly warnings: readonly string[]; restore(): Promise<void> }

const timeoutMs = 30_000

/** Prints the paths that are there. */
const look = 'for path; do [ ! -e "$path" ] || printf "%s\\n" "$path"; done'

/** Prints the paths that were there and are aside now. For git they still are where they were, so that the CLI sees a clean tree. */
const setAside = `
aside=$1; shift
for path; do
  mkdir -p "$(dirname "$aside/$path")" && mv -T "$path" "$aside/$path" || continue
  git ls-files -z -- "$path" | git update-index -z --skip-worktree --stdin
  printf "%s\\n" "$path"
done`

/** What the CLI made meanwhile wins over what was there. */
const putBack = `
aside=$1; shift
for path; do
  if [ ! -e "$path" ] && [ ! -L "$path" ]; then
    mkdir -p "$(dirname "$path")" && mv -T "$aside/$path" "$path"
  elif [ -d "$path" ] && [ ! -L "$path" ] && [ -d "$aside/$path" ] && [ ! -L "$aside/$path" ]; then
    cp -an "$aside/$path/." "$path/"
  fi
  git ls-files -z -- "$path" | git update-index -z --no-skip-worktree --stdin
done
rm -rf -- "$aside"`

/**
 * Makes the workspace one in which the CLI trusts nothing: what it would obey whatever it is told is set aside while it runs. Costs a few
 * milliseconds, and nothing for a CLI about which there is nothing to know. Never throws.
 * @param obeyed - paths below `cwd`
 */
export async function clearWorkspace(
  { name, litter = [] }: CodingCli,
  obeyed: readonly string[],
  sandbox: Sandbox,
  cwd: string,
  aside: string = beside('aside'),
): Promise<Cleared> {
  const bash = (script: string, ...words: readonly string[]) => printed(sandbox, cwd, ['bash', '-c', script, 'bash', ...words])
  const found = obeyed.length + litter.length > 0 ? await bash(look, ...obeyed, ...litter) : []
  const dangers = obeyed.filter((path) => found.includes(path))
  const moved = dangers.length > 0 ? await bash(setAside, aside, ...dangers) : []
  const away = dangers.filter((path) => moved.includes(path))
  const ours = litter.filter((path) => !found.includes(path))
  return {
    warnings: [
      ...away.map((path) => `\`${path}\` of the workspace was kept out of it while ${name} ran, which would have obeyed it.`),
      ...dangers
        .filter((path) => !away.includes(path))
        .map((path) => `${name} obeys \`${path}\` of the workspace, whatever it is told: what it did may be the workspace's doing.`),
    ],
    async restore() {
      if (away.length > 0) await bash(putBack, aside, ...away)
      if (ours.length > 0) await sandbox.exec(['rm', '-rf', '--', ...ours], { cwd, timeoutMs }).catch(() => {})
    },
  }
}

/** Lines; none when the sandbox is gone, which is another one's to report. */
async function printed(sandbox: Sandbox, cwd: string, command: readonly string[]): Promise<readonly string[]> {
  let text = ''
  const onOutput: ExecOptions['onOutput'] = ({ stream, bytes }) => {
    if (stream === 'stdout') text += Buffer.from(bytes).toString()
  }
  await sandbox.exec(command, { cwd, timeoutMs, onOutput }).catch(() => {})
  return text.split('\n')
}
