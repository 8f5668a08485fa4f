import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { defaultInputs, type Inputs } from '../../action/inputs.ts'
import type { Settings } from '../../action/settings.ts'
import { trustedInputs } from '../../action/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'proctor-trees-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const workflowFile = '.github/workflows/proctor.yml'

function tree(name: string, files: Readonly<Record<string, string>>) {
  const root = join(folder, name)
  mkdirSync(root, { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return { root, commit: 'a'.repeat(40) }
}
const settings = (file: string | undefined): Settings => ({
  variables: {},
  workspace: folder,
  temporary: folder,
  apiUrl: 'https://api.example.com',
  serverUrl: 'https://example.com',
  repo: 'acme/agents',
  runId: 1,
  attempt: 1,
  runUrl: '',
  workflowFile: file,
})
const base = tree('base', { [workflowFile]: 'with: {min-pass-rate: 0.9}' })
const same = tree('same', { [workflowFile]: 'with: {min-pass-rate: 0.9}' })
const edited = tree('edited', { [workflowFile]: 'with: {min-pass-rate: 0}' })

/** What somebody who edits the workflow would like to hold. */
const loosened: readonly (readonly [keyof Inputs, Partial<Inputs>])[] = [
  ['min-pass-rate', { 'min-pass-rate': 0 }],
  ['no-regressions', { 'no-regressions': false }],
  ['max-cost-usd', { 'max-cost-usd': 1000 }],
  ['min-trust', { 'min-trust': 'unverified' }],
  ['judge-model', { 'judge-model': 'none' }],
  ['replay', { replay: 'mine' }],
  ['evals', { evals: ['easy'] }],
  ['agent', { agent: ['oracle'] }],
  ['epochs', { epochs: 1 }],
  ['path', { path: 'elsewhere' }],
  ['fail-on', { 'fail-on': 'never' }],
  ['check-name', { 'check-name': 'other' }],
  ['baseline', { baseline: 'none' }],
  ['budget-usd', { 'budget-usd': 1 }],
]

describe('a workflow that the pull request edits', () => {
  test.each(loosened)('gains nothing by %s', async (name, given) => {
    const notes: string[] = []
    const inputs = { ...defaultInputs(), ...given }
    const held = await trustedInputs({ inputs, settings: settings(workflowFile), notes }, { head: edited, base }, defaultInputs())
    expect(held).toEqual(defaultInputs())
    expect(notes.join()).toContain(name)
  })

  test.each(loosened)('and what the base itself says of %s holds', async (_, given) => {
    const notes: string[] = []
    const inputs = { ...defaultInputs(), ...given }
    expect(await trustedInputs({ inputs, settings: settings(workflowFile), notes }, { head: same, base }, defaultInputs())).toEqual(inputs)
    expect(notes).toEqual([])
  })

  test('a workflow that the base does not have, or that nobody can name, says nothing', async () => {
    const inputs = { ...defaultInputs(), 'min-pass-rate': 0 }
    const bare = tree('bare', {})
    expect(
      await trustedInputs({ inputs, settings: settings(workflowFile), notes: [] }, { head: edited, base: bare }, defaultInputs()),
    ).toEqual(defaultInputs())
    expect(await trustedInputs({ inputs, settings: settings(undefined), notes: [] }, { head: same, base }, defaultInputs())).toEqual(
      defaultInputs(),
    )
  })

  test('a push has no base: what it says holds', async () => {
    const inputs = { ...defaultInputs(), epochs: 3 }
    expect(await trustedInputs({ inputs, settings: settings(workflowFile), notes: [] }, { head: edited }, defaultInputs())).toEqual(inputs)
  })

  test('what decides nothing is left alone', async () => {
    const inputs = { ...defaultInputs(), concurrency: 1, token: 'ghs_x', mode: 'plan' as const, shards: 3, all: true }
    const held = await trustedInputs({ inputs, settings: settings(workflowFile), notes: [] }, { head: edited, base }, defaultInputs())
    expect(held).toMatchObject({ concurrency: 1, token: 'ghs_x', mode: 'plan', shards: 3, all: true })
  })
})
