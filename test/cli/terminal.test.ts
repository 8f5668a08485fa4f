import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../support/cli.ts'
import { leftBy } from '../support/ours.ts'
import { agentYaml, written } from '../support/written.ts'

/** Prints, runs and writes what a terminal would obey: colours, a title, a cleared screen, a link. */
const hostile = `import subprocess, time

EVIL = "\\x1b[35mpink\\x1b]0;title\\x07\\x1b[2J\\x1b[10;10H\\x1b]8;;http://evil.example\\x07\\r\\n\\x9b31m"

def run(task_input, *, proxy_url, run_token):
    for step in range(int(task_input["input"]["steps"])):
        print(EVIL)
        subprocess.run(["sh", "-c", ": '" + EVIL + "long " * 100 + "'"])
        open("/tmp/" + EVIL.replace("/", "") + str(step), "w").close()
        time.sleep(0.5)
    return EVIL
`
const evalOf = (name: string) =>
  `apiVersion: proctor/v1\nkind: Eval\nname: ${name}\ndataset: ${name}.csv\njudge: none\nscorers: [{name: ok, type: response, contains: ok}]\n`

let folder: Awaited<ReturnType<typeof written>>
beforeAll(async () => {
  folder = await written({
    'agent.yaml': agentYaml('hostile'),
    'main.py': hostile,
    'evals/short.yaml': evalOf('short'),
    'evals/short.csv': 'user,id,steps\nGo.,a,4\nGo.,b,6\n',
    'evals/long.yaml': evalOf('long'),
    'evals/long.csv': 'user,id,steps\nGo.,c,100\n',
  })
})
afterAll(() => rm(folder.root, { recursive: true, force: true }))

type Shown = { readonly code: number | null; readonly text: string; readonly pid: number }
type Terminal = {
  readonly columns: number
  readonly env?: NodeJS.ProcessEnv
  readonly onText?: (text: string, child: ChildProcess) => void
}

/** Under a terminal of its own, of 24 rows. `pid` is that of proctor. */
async function inTerminal(args: string, { columns, env = {}, onText }: Terminal): Promise<Shown> {
  const { CI: _, NO_COLOR: __, ...inherited } = process.env
  const command = `stty cols ${columns} rows 24; echo pid $$; exec ${join(root, 'script/proctor')} ${args}`
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...inherited, TERM: 'xterm-256color', ...env } })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    onText?.(text, child)
  })
  const code = await new Promise<number | null>((ended) => child.on('close', ended))
  return { code, text, pid: Number(/^pid (\d+)/m.exec(text)?.[1]) }
}

const esc = '\u001b'
/** What log-update writes: cursor up, down and to the first column, erase, hide, show, one frame at once. And colours of ours. */
const ours = new RegExp(`${esc}\\[(?:\\d*[ABEFGK]|\\?25[lh]|\\?2026[lh]|(?:1|2|22|31|32|33|36|39)m)`, 'g')

describe('in a terminal', () => {
  let shown: Shown
  beforeAll(async () => {
    shown = await inTerminal(`run ${folder.root} --eval short --out ${folder.at('out')}`, { columns: 72 })
  })

  test('rows change while runs finish', () => {
    expect(shown.code).toBe(1)
    expect(shown.text).toContain(`${esc}[?2026h`)
    for (const said of ['0 of 2 runs done', '1 of 2 runs done', 'running', 'hostile / short / a'])
      expect(stripVTControlCharacters(shown.text)).toContain(said)
  })

  test('nothing of the agent reaches it as an order', () => {
    expect(stripVTControlCharacters(shown.text)).toContain('pink')
    const rest = shown.text.replaceAll(ours, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(rest.match(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f].{0,20}/)).toBeNull()
  })

  test('no line is longer than it is wide', () => {
    const live = shown.text.slice(0, shown.text.lastIndexOf(`${esc}[?2026l`))
    const lines = stripVTControlCharacters(live.replaceAll(new RegExp(`${esc}\\[\\d*[ABEFG]`, 'g'), '\n')).split(/[\r\n]+/)
    expect(lines.length).toBeGreaterThan(20)
    for (const line of lines) expect(line.length).toBeLessThan(72)
  })

  test('at the end the table is gone, the cursor is back, and the outcome stays', () => {
    const after = shown.text.slice(shown.text.lastIndexOf(`${esc}[?25l`))
    expect(after).toContain(`${esc}[?25h`)
    expect(stripVTControlCharacters(after)).toMatch(
      /failed\r\n {2}hostile \/ short \/ a: ok failed: .*pink[\s\S]*2 runs: 0 pass, 2 fail; .*\r\nreport: .*\r\n$/,
    )
    expect(after).toContain(`${esc}[31m✗${esc}[39m`)
  })

  test('NO_COLOR: no colour', async () => {
    const { text } = await inTerminal(`run --resume ${folder.at('out')}`, { columns: 72, env: { NO_COLOR: '1' } })
    expect(text).toContain('✗ hostile / short')
    expect(text).not.toMatch(new RegExp(`${esc}\\[\\d+m`))
  })

  test.each([
    ['CI', '1'],
    ['TERM', 'dumb'],
  ])('%s=%s: plain lines, without any escape', async (name, value) => {
    const { text } = await inTerminal(`run --resume ${folder.at('out')}`, { columns: 72, env: { [name]: value } })
    expect(text).toContain('2 runs planned, 2 already recorded')
    expect(text).not.toContain(esc)
  })

  test('Ctrl-C: says so, winds down, brings the cursor back, and says how to go on', async () => {
    let pressed = false
    const { code, text, pid } = await inTerminal(`run ${folder.root} --eval long --out ${folder.at('stopped')}`, {
      columns: 100,
      onText: (text, child) => {
        if (pressed || !text.includes('running')) return
        pressed = true
        setTimeout(() => child.stdin?.write('\u0003'), 1000)
      },
    })
    expect(code).toBe(130)
    expect(text).toContain('stopping: sandboxes are removed')
    expect(text).toContain('stopping: 0 of 1 run done')
    expect(text.lastIndexOf(`${esc}[?25h`)).toBeGreaterThan(text.lastIndexOf(`${esc}[?25l`))
    expect(stripVTControlCharacters(text)).toMatch(/1 of 1 run has no result\. Go on with: proctor run --resume \S+\r\n/)
    expect(leftBy(pid)).toEqual([])
  })

  test('Ctrl-C twice: at once, and the cursor is back', async () => {
    let pressed = 0
    const { code, text, pid } = await inTerminal(`run ${folder.root} --eval long --out ${folder.at('twice')}`, {
      columns: 100,
      onText: (text, child) => {
        const due = pressed === 0 ? text.includes('running') : pressed === 1 && text.includes('stopping: sandboxes')
        if (!due) return
        pressed++
        child.stdin?.write('\u0003')
      },
    })
    expect(code).toBe(130)
    expect(text.lastIndexOf(`${esc}[?25h`)).toBeGreaterThan(text.lastIndexOf(`${esc}[?25l`))
    for (const line of leftBy(pid)) execFileSync('docker', ['rm', '--force', '--volumes', line.split(' ')[0] ?? ''], { stdio: 'ignore' })
  })
})
