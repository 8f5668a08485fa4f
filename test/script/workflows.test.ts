import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../support/cli.ts'
import { readAction, readCalled, readSteps, readWorkflow } from '../support/workflows.ts'

const inFolder = (folder: string) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
const ours = inFolder('.github/workflows')
const examples = inFolder('docs/workflows')
const text = (path: string) => readFileSync(join(root, path), 'utf8')
const { inputs, outputs } = readAction()
const evaluate = readCalled('.github/workflows/evaluate.yml')

/** Steps that use this action: by its own path, as it was checked out elsewhere, or by the name that others give it. */
const isProctor = ({ uses = '' }: { readonly uses?: string | undefined }) => /^(\.\/|\.\/\.proctor|OWNER\/proctor@\S+)$/.test(uses)
const stepsOf = (path: string) => Object.values(readWorkflow(path).jobs).flatMap(({ steps }) => steps)
const release = `v${JSON.parse(text('package.json')).version.split('.')[0]}`

describe.each(ours)('%s', (path) => {
  const workflow = readWorkflow(path)

  test('uses nothing that can be moved', () => {
    const used = text(path)
      .split('\n')
      .filter((line) => /^\s*(- )?uses:/.test(line))
    const loose = used.filter((line) => !/uses: ([\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$|\.\/)/.test(line))
    expect(loose).toEqual([])
  })

  test('has no right but those that a job names, and no job without an end', () => {
    expect(workflow.permissions).toEqual({})
    expect(Object.values(workflow.jobs).filter((job) => job['timeout-minutes'] === undefined)).toEqual([])
  })

  test('leaves no token in a checkout', () => {
    const checkouts = stepsOf(path).filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.filter(({ with: given }) => given['persist-credentials'] !== false)).toEqual([])
  })
})

test('there are workflows to check, and those that can pile up cancel or wait', () => {
  expect(ours.length).toBeGreaterThanOrEqual(4)
  const piling = ours.filter((path) => path !== '.github/workflows/evaluate.yml')
  expect(piling.filter((path) => readWorkflow(path).concurrency === undefined)).toEqual([])
})

describe.each([...ours, ...examples])('where %s uses the action', (path) => {
  test('every input is one', () => {
    const given = stepsOf(path)
      .filter(isProctor)
      .flatMap((step) => Object.keys(step.with))
    expect(given.filter((name) => !(name in inputs))).toEqual([])
  })

  test('every output is one', () => {
    const ids = stepsOf(path)
      .filter(isProctor)
      .flatMap(({ id }) => id ?? [])
    const used = [...text(path).matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)].filter(([, id]) => ids.includes(id ?? ''))
    expect(used.map(([, , name]) => name).filter((name) => !(name && name in outputs))).toEqual([])
  })
})

describe('the examples of the documents', () => {
  test('pass actionlint', () => {
    const { status, stdout } = linter('actionlint', ['-no-color', '-shellcheck=', '-pyflakes=', ...examples])
    expect([status, stdout]).toEqual([0, ''])
  })

  test('pass zizmor, but for the tag that people replace by a commit and the event that publishing for forks takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'proctor-zizmor-'))
    const config = join(folder, 'zizmor.yml')
    writeFileSync(
      config,
      `rules:
  unpinned-uses: {config: {policies: {"OWNER/*": ref-pin, "*": hash-pin}}}
  dangerous-triggers: {ignore: [proctor-publish.yml]}
`,
    )
    const { status, stdout } = linter('zizmor', ['--offline', '--quiet', '--no-progress', '--config', config, ...examples])
    rmSync(folder, { recursive: true })
    expect([status, stdout]).toEqual([0, expect.stringContaining('No findings')])
  })

  test('name the release line that this is', () => {
    const named = [...examples, 'README.md', 'docs/action.md'].flatMap((path) => [...text(path).matchAll(/OWNER\/proctor\S*@(\S+)/g)])
    const other = named.map(([, ref]) => ref).filter((ref) => ref !== release && !/^[0-9a-f]{40}$/.test(ref ?? ''))
    expect(named.length).toBeGreaterThanOrEqual(8)
    expect(other).toEqual([])
  })

  test('that are steps alone use declared inputs', () => {
    const fragments = [...text('docs/action.md').matchAll(/^```yaml\n( +- uses:[\s\S]*?)^```$/gm)].flatMap(([, yaml]) =>
      readSteps(yaml ?? ''),
    )
    expect(fragments.length).toBeGreaterThanOrEqual(2)
    expect(fragments.filter(isProctor)).toHaveLength(fragments.length)
    expect(fragments.flatMap((step) => Object.keys(step.with)).filter((name) => !(name in inputs))).toEqual([])
  })

  test('publish for forks without running anything of theirs', () => {
    const { on, jobs } = readWorkflow('docs/workflows/proctor-publish.yml')
    expect(on).toEqual({ workflow_run: { workflows: ['proctor'], types: ['completed'] } })
    expect(jobs.publish).toMatchObject({
      permissions: { actions: 'read', checks: 'write', 'pull-requests': 'write' },
      steps: [{ uses: `OWNER/proctor@${release}`, with: {}, env: {} }],
    })
    expect(jobs.publish?.steps).toHaveLength(1)
  })
})

describe('the reusable workflow', () => {
  const { jobs } = readWorkflow('.github/workflows/evaluate.yml')
  const own = ['runs-on', 'timeout-minutes']
  const withheld = ['mode', 'shard', 'record', 'replay', 'out', 'token']

  test('has the inputs of the action that make sense for it, with the same defaults', () => {
    expect(Object.keys(evaluate.inputs).sort()).toEqual([...Object.keys(inputs).filter((name) => !withheld.includes(name)), ...own].sort())
    const differing = Object.entries(evaluate.inputs).filter(
      ([name, { default: value }]) => name in inputs && String(value) !== inputs[name]?.default,
    )
    expect(differing.map(([name]) => name)).toEqual(['shards'])
    expect(evaluate.inputs.shards?.default).toBe(4)
  })

  test('hands each of them to a job', () => {
    const handed = Object.values(jobs).flatMap(({ steps }) => steps.filter(isProctor).flatMap((step) => Object.values(step.with)))
    for (const name of Object.keys(evaluate.inputs).filter((name) => !own.includes(name)))
      expect(handed).toContain(`\${{ inputs.${name} }}`)
  })

  test('gives keys to who plans and who runs, and to nobody else', () => {
    const keys = Object.keys(evaluate.secrets)
    const holders = Object.entries(jobs).filter(([, { steps }]) => steps.some(({ env }) => keys.every((key) => key in env)))
    expect(holders.map(([name]) => name)).toEqual(['plan', 'run'])
    expect(Object.keys(evaluate.outputs).filter((name) => !(name in outputs))).toEqual([])
  })

  test.each(examples.filter((path) => text(path).includes('evaluate.yml')))(
    'is called by %s with what it takes and the rights that it needs',
    (path) => {
      const [call] = Object.values(readWorkflow(path).jobs)
      expect(Object.keys(call?.with ?? {}).filter((name) => !(name in evaluate.inputs))).toEqual([])
      expect(Object.keys(call?.secrets ?? {}).filter((name) => !(name in evaluate.secrets))).toEqual([])
      const needed = Object.assign({}, ...Object.values(jobs).map(({ permissions }) => permissions))
      expect(call?.permissions).toEqual(needed)
    },
  )
})

/** As script/bootstrap --tests installs them. */
const linter = (name: string, args: readonly string[]) =>
  spawnSync(join(root, '.cache/linters/bin', name), args, { cwd: root, encoding: 'utf8' })
