import type { CodingCli } from './cli.ts'
import type { Command } from './command.ts'

const all: readonly CodingCli[] = []

/** The coding CLI that a command's first word names, by its last path part; undefined for anything else, `bash -c` included. */
export function recognise({ words: [first] }: Command): CodingCli | undefined {
  const name = first?.text.split('/').at(-1) ?? ''
  return all.find(({ commands }) => commands.includes(name))
}
