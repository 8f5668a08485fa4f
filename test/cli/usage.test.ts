import { execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { proctor, root } from '../support/cli.ts'
import { agentYaml, evalYaml, polite, written } from '../support/written.ts'

const options: Readonly<Record<string, readonly string[]>> = {
  run: [
    'eval',
    'agent',
    'sample',
    'epochs',
    'concurrency',
    'attempts',
    'judge',
    'out',
    'resume',
    'record',
    'replay',
    'json',
    'quiet',
    'keep-sandbox',
  ],
  validate: ['quiet'],
  init: ['name'],
  credentials: ['git', 'organisation', 'rotate', 'json'],
  doctor: ['reap', 'prune', 'days'],
  images: ['path', 'rebuild', 'force', 'json'],
  report: ['json'],
  schema: [],
  serve: ['slots', 'setup', 'url', 'organisation', 'force'],
  web: [],
  worker: ['slots', 'organisation', 'desk'],
  workers: ['organisation'],
  feedback: ['format', 'repository', 'all'],
  database: [],
}
const verbs = Object.keys(options)
const whole = () =>
  written({
    'agents/hello/agent.yaml': agentYaml('hello'),
    'agents/hello/main.py': 'def run(task_input, *, proxy_url, run_token):\n    return "please"\n',
    'agents/hello/evals/first.yaml': evalYaml('first', `dataset: first.csv\njudge: none\n${polite}`),
    'agents/hello/evals/first.csv': 'user,id\nWhere?,s1\nWhen?,s2\n',
  })

describe('help', () => {
  test('names every command, and each command every option', async () => {
    const shown = await proctor(['--help'])
    expect(shown.code).toBe(0)
    for (const verb of verbs) expect(shown.stdout).toMatch(new RegExp(`^  ${verb} `, 'm'))
    await Promise.all(
      verbs.map(async (verb) => {
        const { code, stdout, stderr } = await proctor([verb, '--help'])
        expect([code, stderr]).toEqual([0, ''])
        expect([...stdout.matchAll(/^ {2}(?:-.,| {3}) --([a-z-]+)/gm)].map(([, name]) => name)).toEqual([...(options[verb] ?? []), 'help'])
        expect(stdout).toContain(`usage: proctor ${verb}`)
      }),
    )
  })

  test('--version prints the version alone', async () => {
    const { code, stdout, stderr } = await proctor(['--version'])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' })
  })
})

describe('what is not understood ends with 2, says what is accepted, and leaves nothing', () => {
  test.each<[string[], RegExp]>([
    [['runn'], /unknown command "runn"; did you mean "run"\?/],
    [['run', '--evl', 'x'], /unknown option --evl; did you mean --eval\?/],
    [['run', '--eval'], /--eval needs a value: --eval NAME/],
    [['run', '--json=yes'], /--json takes no value/],
    [['run', '--epochs', 'many'], /--epochs "many": a whole number from 1 to 1000/],
    [['run', '--concurrency', '0'], /--concurrency "0": a whole number from 1 to 256/],
    [['run', 'a', 'b'], /unexpected argument "b"/],
    [['run', '--resume', 'a', '--eval', 'b'], /--eval cannot be given beside it/],
    [['run', 'b', '--resume', 'a'], /b cannot be given beside it/],
    [['run', '--resume', 'nowhere'], /nowhere holds no plan/],
    [['run', '--judge', 'gpt'], /--judge: found "gpt"; accepted: provider\/model/],
    [['run', '--eval', 'frist'], /eval_not_found: .*did you mean `first`\?/],
    [['run', '--agent', 'helo'], /agent_not_found: .*did you mean `hello`\?/],
    [['run', '--sample', 's3'], /no sample is called `s3`/],
    [['run', 'nowhere'], /package_not_found/],
    [['report'], /report needs 1 argument/],
    [['report', 'agents'], /is not an output folder/],
    [['init', '--name', 'Not A Slug'], /lower-case letters, digits and single hyphens/],
    [['init'], /agents\/hello\/agent\.yaml.* there already, and nothing was written/],
    [['schema', 'evl'], /did you mean "eval"\?/],
  ])('%j', async (args, expected) => {
    await using folder = await whole()
    const { code, stdout, stderr } = await proctor(args, { cwd: folder.root })
    expect(stderr).toMatch(expected)
    expect(stderr, 'the next step').toMatch(/^ {2}.+: .+\.$/m)
    expect(stderr, 'no stack').not.toMatch(/^ {4}at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(await listed(folder.root)).toEqual(['agents'])
  })

  test('mistakes of several files come in one go, and what to do about them once', async () => {
    await using folder = await whole()
    await writeFile(folder.at('agents/hello/agent.yaml'), agentYaml('hello', 'entrypiont: run\nrun_timeout_s: soon\n'))
    await writeFile(folder.at('agents/hello/evals/first.yaml'), evalYaml('first', `judge: none\nepochs: 0\n${polite}`))
    for (const verb of ['run', 'validate']) {
      const { code, stderr } = await proctor([verb], { cwd: folder.root })
      expect(code).toBe(2)
      expect(stderr).toMatch(/agents\/hello\/agent\.yaml:4:\d+: config_invalid: .*did you mean `entrypoint`\?/)
      expect(stderr).toMatch(/agents\/hello\/agent\.yaml:5:\d+: config_invalid: .*run_timeout_s/)
      expect(stderr).toMatch(/agents\/hello\/evals\/first\.yaml:5:\d+: config_invalid: .*epochs/)
      expect(stderr).toMatch(/\n3 problems\n$/)
      expect(stderr.match(/Correct the place that is named/g)).toHaveLength(1)
    }
  })
})

describe('what starts nothing', () => {
  test('validate counts what is there', async () => {
    await using folder = await whole()
    const { code, stdout, stderr } = await proctor(['validate', folder.root])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'valid: 1 agent, 1 eval, 0 scenarios, 2 samples\n', stderr: '' })
    expect(await proctor(['validate', '--quiet', folder.root])).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  test('validate shows warnings', async () => {
    await using folder = await whole()
    await writeFile(folder.at('agents/hello/evals/first.csv'), 'user,id,setup_command\nWhere?,s1,make\n')
    const { code, stderr } = await proctor(['validate', folder.root])
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^warning: /)])
  })

  test('schema lists the formats, and prints each as JSON', async () => {
    const names = (await proctor(['schema'])).stdout.trim().split('\n')
    expect(names).toEqual(expect.arrayContaining(['agent', 'eval', 'scenario', 'report']))
    for (const name of names) expect(JSON.parse((await proctor(['schema', name])).stdout)).toHaveProperty('$schema')
  })

  test('a reader that leaves early is no error', async () => {
    let left = false
    const { code, stderr } = await proctor(['schema', 'report'], {
      onOutput: (_, child) => {
        if (!left) child.stdout?.destroy()
        left = true
      },
    })
    expect([code, stderr]).toEqual([0, ''])
  })

  test('an output folder with other things in it is left alone', async () => {
    await using folder = await whole()
    await mkdir(dirname(folder.at('notes/todo.txt')))
    await writeFile(folder.at('notes/todo.txt'), 'mine')
    const { code, stderr } = await proctor(['run', folder.root, '--out', folder.at('notes')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/is not an output folder: it holds todo\.txt.*--out/)
    expect(await listed(folder.at('notes'))).toEqual(['todo.txt'])
  })

  test('it works from anywhere, by a link', async () => {
    await using folder = await written({ proctor: { link: join(root, 'script/proctor') } })
    expect(execFileSync(folder.at('proctor'), ['--version'], { cwd: '/', encoding: 'utf8' })).toBe('0.1.0\n')
  })
})

async function listed(folder: string): Promise<string[]> {
  return (await readdir(folder)).toSorted()
}
