import { execFileSync } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../runner/domain/report.ts'
import { canaryOf, formsOf, watchMachine } from '../support/canary.ts'
import { proctor, readReport } from '../support/cli.ts'
import { leftBy } from '../support/ours.ts'
import { scenarioYaml, written } from '../support/written.ts'

const secret = canaryOf('token')
const backwards = [...secret].reverse().join('')

/** Tells its secret in every way that is no deliberate encoding of its own, and once backwards, to show that it had it. */
const shell = `
echo "$TOKEN"; echo "$TOKEN" >&2
for text in "$TOKEN" "a$TOKEN" "ab$TOKEN"; do printf %s "$text" | base64 -w0; echo; done
printf %s "$TOKEN" | od -An -tx1 | tr -d ' \\n'; echo
printf %s "$TOKEN" | rev
printf 'in a file: %s\\n' "$TOKEN" > plain.txt
printf %s "$TOKEN" | base64 -w0 > base64.txt
printf %s "$TOKEN" | od -An -tx1 | tr -d ' \\n' > hex.txt
echo x > "named-$TOKEN"
mkdir -p /home/user/outputs && cp *.txt /home/user/outputs/
(sleep 0.1; printf %s "\${TOKEN%????????????}"; sleep 0.3; printf '%s\\n' "\${TOKEN#"\${TOKEN%????????????}"}")
git add -A >/dev/null 2>&1; git -c user.name=x -c user.email=x@x commit -qm "$TOKEN"
`
const python = `import os, subprocess, urllib.request

def run(task_input, *, proxy_url, run_token):
    token = os.environ["TOKEN"]
    print(token)
    subprocess.run(["sh", "-c", "echo " + token], capture_output=True)
    try:
        urllib.request.urlopen("http://127.0.0.1:9/" + token)
    except Exception as error:
        print(error)
    open("/tmp/x-" + token, "w").write(token)
    open("/home/user/outputs/" + token, "w").write(token)
    if task_input["user_instruction"] == "raise":
        raise ValueError(token)
    return {"final_response": token + " " + token[::-1], "nested": {token: [token]}}
`
const yaml = (kind: string, name: string, more: string) =>
  `apiVersion: proctor/v1\nkind: ${kind}\nname: ${name}\nenvironment: {env: {TOKEN: {credential: X}}}\n${more}`
const evalOf = (name: string, more: string) =>
  `apiVersion: proctor/v1\nkind: Eval\nname: ${name}\ndataset: ${name}.csv\njudge: none\n${more}`

let folder: Awaited<ReturnType<typeof written>>
let out: string
let report: Report
let ended: Awaited<ReturnType<typeof proctor>>
let seen: string
beforeAll(async () => {
  folder = await written({
    'agents/shell/agent.yaml': yaml('ShellCommand', 'shell', 'run_command: bash /home/user/agent/leak.sh\n'),
    'agents/shell/leak.sh': shell,
    'agents/shell/evals/worked.yaml': evalOf('worked', 'scenario: tree\n'),
    'agents/shell/evals/worked.csv': 'id,user\nworked,Go.\n',
    'agents/python/agent.yaml': yaml('PythonFunction', 'python', ''),
    'agents/python/main.py': python,
    'agents/python/evals/said.yaml': evalOf('said', 'scorers: [{name: polite, type: response, contains: please}]\n'),
    'agents/python/evals/said.csv': 'id,user\nreturns,return\nraises,raise\n',
    'scenarios/tree.yaml': scenarioYaml(
      'tree',
      'instruction: Go.\nworkspace: empty\nscorers: [{name: shows, type: command, command: cat plain.txt base64.txt && ls && exit 1}]\n',
    ),
  })
  out = folder.at('out')
  using machine = watchMachine()
  ended = await proctor(['run', folder.root, '--out', out, '--keep-sandbox'], { env: { PROCTOR_CREDENTIAL_X: secret } })
  seen = machine.seen()
  for (const name of leftBy(ended.pid).map((line) => line.split(' ')[0] ?? ''))
    execFileSync('docker', ['rm', '--force', '--volumes', name], { stdio: 'ignore' })
  report = await readReport(out)
})
afterAll(() => rm(folder.root, { recursive: true, force: true }))

const runOf = (sample: string) => report.batches.flatMap(({ runs }) => runs).find((run) => run.sample === sample)

describe('a credential that an agent tells in every way', () => {
  test('was there: all runs got it, and were graded', async () => {
    expect(ended.code, ended.stderr).toBe(1)
    expect(report.totals).toMatchObject({ runs: 3, fail: 3, unscored: 0 })
    for (const sample of ['worked', 'returns']) expect(runOf(sample)?.response).toContain(backwards)
    expect(await readFile(join(out, runOf('worked')?.diff?.path ?? ''), 'utf8')).toContain('in a file: ***')
    expect(runOf('worked')?.outputs).toHaveLength(3)
    expect(runOf('raises')?.ended).toMatchObject({ code: 'agent_exception', message: expect.stringContaining('***') })
  })

  test('is nowhere in the output folder', async () => {
    expect(await formsOf(secret).in(out)).toEqual([])
  })

  test('is neither printed, nor in the arguments of a process, nor in what the engine tells', () => {
    expect(seen).toMatch(/"proctor\.kind": "kept"/)
    for (const text of [ended.stdout, ended.stderr, seen]) expect(formsOf(secret).filter((form) => text.includes(form))).toEqual([])
  })

  test('keeps its work from being stored, and the run says so', () => {
    expect(runOf('worked')?.warnings).toContainEqual(expect.stringMatching(/holds a credential.*cannot be graded again/))
    expect(ended.stderr).toMatch(/^warning: .*cannot be graded again/m)
  })
})

test('a credential that is not set is named, and an admin has to act', async () => {
  const unset = await proctor(['run', folder.root, '--eval', 'said', '--sample', 'returns', '--out', folder.at('unset')])
  expect(unset.code).toBe(2)
  expect(unset.stderr).toMatch(
    /agent_secret_unresolved[\s\S]*X \(PROCTOR_CREDENTIAL_X\): not set in the environment, and not stored with `proctor credentials set`\n {2}-> an admin: /,
  )
})
