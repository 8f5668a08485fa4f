import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeZip } from '../fakes/zip.ts'
import { proctor } from '../support/cli.ts'
import { leftBy } from '../support/ours.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proctor-hostile-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Files = Readonly<Record<string, string | Uint8Array>>
const agent = 'apiVersion: proctor/v1\nkind: PythonFunction\nname: a\n'
const main = 'def run(task_input, *, proxy_url, run_token):\n    return "ok"\n'
const evaluation =
  'apiVersion: proctor/v1\nkind: Eval\nname: e\ndataset: d.csv\njudge: none\nscorers:\n  - {name: ok, type: response, contains: ok}\n'
const sound: Files = {
  'agents/a/agent.yaml': agent,
  'agents/a/main.py': main,
  'agents/a/evals/e.yaml': evaluation,
  'agents/a/evals/d.csv': 'user\nhello\n',
}
const yaml = (text: string | Uint8Array): Files => ({ ...sound, 'agents/a/agent.yaml': text })
const csv = (text: string | Uint8Array): Files => ({ ...sound, 'agents/a/evals/d.csv': text })
const eval_ = (text: string): Files => ({ ...sound, 'agents/a/evals/e.yaml': text })

async function validate(files: Files, also?: (root: string) => Promise<void>) {
  const root = await mkdtemp(join(folder, 'case-'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  await also?.(root)
  return proctor(['validate', root])
}

describe('a sound package stays sound', () => {
  const accepted: [string, Files][] = [
    ['as it is', sound],
    [
      'with a byte order mark and CRLF everywhere',
      Object.fromEntries(Object.entries(sound).map(([path, text]) => [path, `\ufeff${String(text).replaceAll('\n', '\r\n')}`])) as Files,
    ],
    [
      'with names and texts of other scripts',
      { ...eval_(evaluation.replace('d.csv', 'данные-日本.csv')), 'agents/a/evals/данные-日本.csv': 'user,größe\n"Привет, 世界 🎉",3\n' },
    ],
    ['with line breaks and quotes in cells', csv('user\n"one\ntwo ""three"""\n')],
  ]
  test.each(accepted)('%s', async (_, files) => {
    const { code, stderr } = await validate(files)
    expect(code, stderr).toBe(0)
  })
})

describe('what is wrong ends in a named error, with a place, before anything starts', () => {
  const refused: [string, Files, RegExp, ((root: string) => Promise<void>)?][] = [
    ['broken YAML', yaml(`${agent}environment: {cpus: [1\n`), /agent\.yaml:\d+:\d+: config_invalid/],
    ['tabs for indentation', yaml(`${agent}environment:\n\tsudo: true\n`), /agent\.yaml:5:\d+: config_invalid/],
    ['a key twice', yaml(`${agent}name: b\n`), /agent\.yaml:4:\d+: config_invalid/],
    ['an unknown key', yaml(`${agent}entry_point: run\n`), /agent\.yaml:4:\d+: config_invalid: .*entry_point.*entrypoint/],
    ['a wrong type', yaml(`${agent}run_timeout_s: soon\n`), /agent\.yaml:4:\d+: config_invalid: .*run_timeout_s/],
    ['a number out of range', yaml(`${agent}run_timeout_s: 1801\n`), /agent\.yaml:4:\d+: config_invalid: .*1800/],
    ['a dotted entrypoint', yaml(`${agent}entrypoint: app.run\n`), /agent\.yaml:4:\d+: config_invalid: .*entrypoint/],
    ['an alias bomb', yaml(`${agent}description: &a [x,x]\nmodels: [${'*a,'.repeat(2000)}]\n`), /config_invalid/],
    [
      'an exponential alias bomb',
      yaml(
        `${agent}a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
          .split('')
          .map((letter, index) => `${letter}: &${letter} [${`*${'abcdefghij'[index]},`.repeat(9)}]`)
          .join('\n')}\n`,
      ),
      /config_invalid/,
    ],
    [
      'bytes that are no UTF-8',
      yaml(Buffer.concat([Buffer.from(agent), Buffer.from([0x64, 0x3a, 0x20, 0xff, 0xfe, 0x0a])])),
      /config_invalid/,
    ],
    ['an empty file', yaml(''), /config_invalid/],
    ['two documents', yaml(`${agent}---\n${agent}`), /config_invalid/],
    ['10 MB of YAML', yaml(`${agent}description: ${'x'.repeat(11 * 2 ** 20)}\n`), /config_invalid/],
    ['a kind of a later release', yaml('apiVersion: proctor/v1\nkind: GenericAgent\nname: a\n'), /agent_kind_unsupported: .*GenericAgent/],
    ['a list of tools, of a later release', yaml(`${agent}tools: tools.json\n`), /feature_unsupported: .*tools/],
    ['an entrypoint file outside', yaml(`${agent}entrypoint_file: ../../main.py\n`), /(agent_code_fetch_failed|config_invalid)/],
    ['an entrypoint file that is not there', yaml(`${agent}entrypoint_file: other.py\n`), /agent_code_fetch_failed: .*other\.py/],
    ['a source outside', yaml(`${agent}source: {file: ../../../etc/passwd}\n`), /(agent_code_fetch_failed|config_invalid)/],
    [
      'a pasted file of 201 KB',
      { ...yaml(`${agent}source: {file: main.py}\n`), 'agents/a/main.py': `${main}#${'x'.repeat(210 * 1024)}\n` },
      /agent_code_fetch_failed: .*at most 20\d+/,
    ],
    ['a dataset outside', eval_(evaluation.replace('d.csv', '../../../../../etc/passwd')), /(dataset_invalid|config_invalid)/],
    ['a dataset that is not there', eval_(evaluation.replace('d.csv', 'none.csv')), /(dataset_invalid|config_invalid): .*none\.csv/],
    ['an empty dataset', csv(''), /d\.csv.*dataset_invalid/],
    ['a dataset with a header alone', csv('user\n'), /dataset_invalid/],
    ['a dataset without `user`', csv('user_instruction\nhello\n'), /dataset_invalid: .*did you mean `?"?user/],
    ['a ragged row', csv('user,order\nhello,1,2\n'), /d\.csv:2.*dataset_invalid/],
    ['a quote that never closes', csv('user\n"hello\n'), /dataset_invalid/],
    ['a column twice', csv('user,a,a\nx,1,2\n'), /dataset_invalid/],
    ['a cell of 10 MB', csv(`user\n${'x'.repeat(10 * 2 ** 20)}\n`), /dataset_invalid/],
    ['an eval with nothing to grade with', eval_(evaluation.replace(/scorers:[\s\S]*/, '')), /nothing_to_grade/],
    ['an unknown type of scorer', eval_(evaluation.replace('type: response', 'type: respons')), /config_invalid: .*response/],
    ['a regular expression that does not compile', eval_(evaluation.replace('contains: ok', 'regex: "("')), /config_invalid|regex/],
    ['a scenario that nobody wrote', eval_(`${evaluation}scenario: missing\n`), /ScenarioResolutionError/],
    [
      'a file that is a link to the outside',
      sound,
      /points? outside|leads? outside|config_invalid/,
      (root) => symlink('/etc/passwd', join(root, 'agents/a/evals/x.yaml')),
    ],
  ]
  test.concurrent.each(refused)('%s', async (_, files, expected, also) => {
    const { code, stderr } = await validate(files, also)
    expect(stderr).toMatch(expected)
    expect(stderr).not.toMatch(/internal_error|\n {4}at /)
    expect(code).toBe(2)
  })

  test('all problems come in one go', async () => {
    const { stderr } = await validate({ ...yaml(`${agent}entry_point: run\nrun_timeout_s: soon\n`), 'agents/a/evals/d.csv': 'prompt\nx\n' })
    expect(stderr).toMatch(/entry_point[\s\S]*run_timeout_s[\s\S]*d\.csv|d\.csv[\s\S]*entry_point[\s\S]*run_timeout_s/)
    expect(stderr).toMatch(/3 problems/)
  })
})

describe('a hostile archive costs no container', () => {
  const archives: [string, Uint8Array][] = [
    ['that climbs out', makeZip([{ name: 'main.py', content: main }, { name: '../../evil.py' }])],
    [
      'with a link',
      makeZip([
        { name: 'main.py', content: main },
        { name: 'l', content: '/etc/passwd', mode: 0o120777 },
      ]),
    ],
    [
      'that is a bomb',
      makeZip([
        { name: 'main.py', content: main },
        { name: 'bomb', content: Buffer.alloc(4 * 2 ** 20) },
      ]),
    ],
    ['that is none', Buffer.from('hello')],
  ]
  test.each(archives)('%s', async (_, bytes) => {
    const root = await mkdtemp(join(folder, 'zip-'))
    for (const [path, text] of Object.entries({ ...yaml(`${agent}source: {zip: a.zip}\n`), 'agents/a/a.zip': bytes })) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    const { code, stderr, pid } = await proctor(['run', root, '--out', join(root, 'out')])
    expect(stderr).toMatch(/agent_code_fetch_failed: .*a\.zip/)
    expect(code).toBe(2)
    expect(leftBy(pid)).toEqual([])
  })
})
