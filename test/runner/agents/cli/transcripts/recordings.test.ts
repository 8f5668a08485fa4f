import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Transcript } from '../../../../../runner/agents/cli/cli.ts'
import { folder, read, recordings } from './recordings.ts'

/** One step a line, so that a change to a golden reads like a change to a run. */
function golden({ steps, ...rest }: Transcript): string {
  const { live: _, ...shown } = rest as typeof rest & { live?: unknown } // what was shown live is another test's business
  const lines = steps.map(({ at, body: { kind, detail } }) => `    ${JSON.stringify({ at, kind, detail })}`)
  const head = Object.entries(shown).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`)
  return `{\n${head.join('')}  "steps": [${lines.length > 0 ? `\n${lines.join(',\n')}\n  ` : ''}]\n}\n`
}

describe('every step of every recording', () => {
  test.each(recordings)('$name, from its stream', async ({ name, cli, stream }) => {
    await expect(golden(read(cli, [stream]))).toMatchFileSnapshot(join(folder, `${name}.steps.json`))
  })

  test.each(recordings.filter(({ sessions }) => sessions.length > 0))(
    '$name, with its session log',
    async ({ name, cli, stream, sessions }) => {
      await expect(golden(read(cli, [stream], sessions))).toMatchFileSnapshot(join(folder, `${name}.merged.steps.json`))
    },
  )

  test.each(recordings.filter(({ sessions }) => sessions.length > 0))(
    '$name, from its session log alone',
    async ({ name, cli, sessions }) => {
      await expect(golden(read(cli, [], sessions))).toMatchFileSnapshot(join(folder, `${name}.log.steps.json`))
    },
  )
})
