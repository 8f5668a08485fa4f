import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proctor, readReport } from '../support/cli.ts'
import { agentYaml, evalYaml, polite, written } from '../support/written.ts'

let cache: string
const env = { PROCTOR_ORGANISATION: `images-cli-${process.pid}-${Date.now()}`, PROCTOR_CACHE: '' }
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'proctor-test-cache-'))
  env.PROCTOR_CACHE = cache
})
afterAll(async () => {
  await rm(cache, { recursive: true, force: true })
})

const body = (...lines: readonly string[]) => `environment:\n  dockerfile: |\n${lines.map((line) => `    ${line}\n`).join('')}`
const whole = (more: Readonly<Record<string, string>> = {}) =>
  written({
    'agents/good/agent.yaml': agentYaml('good', body('RUN echo "please" > ~/word', 'ENV WORD=/home/user/word')),
    'agents/good/main.py': 'import os\n\ndef run(task_input, *, proxy_url, run_token):\n    return open(os.environ["WORD"]).read()\n',
    'agents/good/evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\n${polite}`),
    'agents/good/evals/e.csv': 'user,id\nWhere?,s1\nWhen?,s2\n',
    'agents/bad/agent.yaml': agentYaml('bad', body('RUN printf "\\033[31mred\\n"', 'RUN echo the reason; exit 7')),
    'agents/bad/main.py': 'def run(task_input, *, proxy_url, run_token):\n    return "please"\n',
    'agents/plain/agent.yaml': agentYaml('plain'),
    'agents/plain/main.py': 'def run(task_input, *, proxy_url, run_token):\n    return "please"\n',
    'scenarios/s.yaml': `apiVersion: proctor/v1\nkind: Scenario\nname: s\nworkspace: empty\ninstruction: x\n${body('RUN echo for the exercise')}`,
    ...more,
  })
const images = (cwd: string, ...args: readonly string[]) => proctor(['images', ...args], { cwd, env })
const listed = async (cwd: string) =>
  JSON.parse((await images(cwd, 'list', '--json')).stdout)
    .map(({ state, of }: { state: string; of: string[] }) => `${of.join('+')} ${state}`)
    .toSorted()

describe('proctor images', () => {
  test('lists, builds, shows logs and removes, by name of agent or scenario or by digest', { timeout: 300_000 }, async () => {
    await using folder = await whole()
    const at = folder.root
    expect(await listed(at)).toEqual(['bad not built', 'good not built', 's not built'])

    const built = await images(at, 'build', 'good', 's')
    expect(built).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Step 1\/1: RUN echo "please"/) })
    expect(built.stderr).toMatch(/^good: built in .*\ns: built in .*\n$/)
    expect((await images(at, 'build', 'good')).stderr).toBe('good: was ready already; --rebuild builds it again\n')
    expect((await images(at, 'build', 'good', '--rebuild')).stderr).toMatch(/^good: built in /)

    const failed = await images(at, 'build')
    expect(failed.code).toBe(2)
    expect(failed.stderr).toMatch(
      /image_build_failed: .*exited with 7: RUN echo the reason; exit 7\n {2}command: RUN echo .*\n {2}\| the reason\n/,
    )
    expect(await listed(at)).toEqual(['bad failed', 'good ready', 's ready'])

    const log = await images(at, 'log', 'bad')
    expect(log.stdout).toMatch(
      /^Step 1\/2: RUN printf "\\033\[31mred\\n"\nred\nStep 2\/2: .*\nthe reason\nA step of the environment exited with 7/,
    )
    expect(log.stdout).not.toContain('\u001b')

    const table = (await images(at, 'list')).stdout.split('\n')
    expect(table[0]).toMatch(/^STATE +FOR +SIZE +DIGEST +OF$/)
    const digest = /ready .* ([0-9a-f]{12}) {2}good$/.exec(table.find((line) => line.endsWith('good')) ?? '')?.[1] ?? ''
    expect((await images(at, 'log', digest)).stdout).toMatch(/^Step 1\/1: RUN echo "please"/)
    // Outside of any package there is still what was built before.
    expect(await listed(cache)).toEqual(['bad failed', 'good ready', 's ready'])
    expect((await images(cache, 'build', digest, '--rebuild')).stderr).toMatch(/^good: built in /)

    expect((await images(at, 'rm', digest, 'bad', 's')).stderr).toMatch(
      /^removed [0-9a-f]{12} of good\nremoved .* of bad\nremoved .* of s\n$/,
    )
    expect(await listed(at)).toEqual(['bad not built', 'good not built', 's not built'])
    expect(await listed(cache)).toEqual([])
  })

  test.each<[string[], RegExp]>([
    [['images'], /images needs 1 argument/],
    [['images', 'biuld'], /images: found "biuld"; accepted: list, build, log, rm; did you mean `build`\?/],
    [['images', 'log'], /images log needs one NAME/],
    [['images', 'rm'], /images rm needs a NAME/],
    [['images', 'log', 'good'], /has not been built yet/],
    [['images', 'build', 'god'], /no custom image is known as "god"; did you mean `good`\?/],
    [['images', 'build', 'plain'], /no custom image is known as "plain"; known: bad, good, s/],
    [['images', 'list', '--path', 'nowhere'], /package_not_found/],
  ])('%j is refused', async (args, expected) => {
    await using folder = await whole()
    expect(await proctor(args, { cwd: folder.root, env: { ...env, PROCTOR_CACHE: folder.at('cache') } })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(expected),
    })
  })

  test('a body that breaks a rule is told with its line, and nothing is built', async () => {
    await using folder = await whole({ 'agents/bad/agent.yaml': agentYaml('bad', body('RUN true', 'COPY a b')) })
    const { code, stdout, stderr } = await images(folder.root, 'build')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /agents\/bad\/agent\.yaml:7:5: config_invalid: `environment\.dockerfile`: found `COPY`: there is no build context/,
    )
  })
})

describe('proctor run', () => {
  test('builds what is not built, shows the log as it comes, and never runs on another image', { timeout: 300_000 }, async () => {
    await using folder = await whole()
    const run = (agent: string, out: string) =>
      proctor(['run', '--agent', agent, '--eval', 'e', '--out', folder.at(out)], { cwd: folder.root, env })
    const good = await run('good', 'good')
    expect(good.stderr).toMatch(/ {2}good \| Step 1\/1: RUN echo "please"/)
    expect(good.stderr.match(/Step 1\/1/g)).toHaveLength(1)
    expect({ code: good.code, totals: (await readReport(folder.at('good'))).totals }).toMatchObject({ code: 0, totals: { pass: 2 } })

    const bad = await run('bad', 'bad')
    expect(bad.code).not.toBe(0)
    const { batches } = await readReport(folder.at('bad'))
    const ends = batches.flatMap(({ runs }) => runs.map(({ ended, verdict }) => ({ ended, verdict })))
    expect(ends).toHaveLength(2)
    for (const end of ends)
      expect(end).toMatchObject({
        verdict: 'unscored',
        ended: { as: 'error', code: 'image_build_failed', message: expect.stringContaining('the reason') },
      })
    expect(await readFile(folder.at('bad/report.html'), 'utf8')).toContain('image_build_failed')
    await images(folder.root, 'rm', 'good', 'bad')
  })
})
