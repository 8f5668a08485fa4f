import type { HarnessConfig } from '../../domain/harness.ts'
import type { TreeFile } from '../../lib/pack-tree.ts'
import { places } from '../places.ts'

/** A folder of ours for what a CLI is handed, and for what it writes beside its own: outside of the workspace. */
export const besideFolder = '.proctor-cli'
export const beside = (name: string): string => `${places.home}/${besideFolder}/${name}`

/** A file below the home folder. */
export const textFile = (path: string, content: string): TreeFile => ({ path, executable: false, content: Buffer.from(content) })
export const jsonFile = (path: string, content: unknown): TreeFile => textFile(path, `${JSON.stringify(content, null, 2)}\n`)

/** What the environment does not say yet; what an author set there wins. */
export const unlessSet = (env: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(wanted).filter(([name]) => env[name] === undefined))

/** Parts of a harness configuration that are asked for and not among those that a CLI can do. */
export const beyond = <Name extends string>(harness: Readonly<Partial<Record<Name, unknown>>>, able: readonly Name[]): readonly Name[] =>
  (Object.keys(harness) as Name[]).filter((name) => harness[name] !== undefined && !able.includes(name)) // the keys of the parsed configuration

/** A subagent as Markdown with a head of YAML. JSON text is a YAML scalar, whatever is in it. */
export function subagentFile(folder: string, head: Readonly<Record<string, unknown>>, { name, prompt }: Subagent): TreeFile {
  const lines = Object.entries(head).flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${JSON.stringify(value)}`]))
  return textFile(`${folder}/${name}.md`, `---\n${lines.join('\n')}\n---\n\n${prompt}\n`)
}
type Subagent = NonNullable<HarnessConfig['subagents']>[number]
