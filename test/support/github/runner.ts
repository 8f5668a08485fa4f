import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'yaml'
import { z } from 'zod'
import { root } from '../cli.ts'
import { commandFiles, contextOf, type JobContext } from './runner-context.ts'
import { type LogAnnotation, runnerLog } from './runner-log.ts'

type Options = JobContext & {
  /** The file of the action; its inputs' defaults hold, and its `runs` unless `main` and `post` say otherwise. */
  readonly action?: string
  readonly main?: string
  readonly post?: string | false
  readonly inputs?: Readonly<Record<string, string>>
  /** The job's own, `github.token`. The runner masks it from the beginning. */
  readonly token: string
  /** What else the job knows as a secret: masked too. Not handed on: `env` does that. */
  readonly secrets?: readonly string[]
  /** The `env:` of the job. */
  readonly env?: Readonly<Record<string, string>>
  /** What `actions/checkout` left there; empty without. */
  readonly workspace?: string
  readonly timeoutMs?: number
  /** The workflow run is cancelled as soon as the output shows this. */
  readonly signalAfter?: RegExp
  /** ms: from SIGINT to SIGTERM, and on to SIGKILL. */
  readonly patience?: { readonly interrupt: number; readonly terminate: number }
}
type Step = { readonly code: number | null; readonly signal: NodeJS.Signals | null }
export type ActionEnded = Step & {
  /** The log as people see it: commands carried out, secrets masked. */
  readonly log: string
  /** All that was printed, before the runner looked at it. */
  readonly raw: string
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly path: readonly string[]
  /** Masked; undefined when there was none, or too much of it. */
  readonly summary: string | undefined
  readonly annotations: readonly LogAnnotation[]
  readonly groups: readonly string[]
  readonly masks: ReadonlySet<string>
  readonly unread: readonly string[]
  /** Of the step after the job, when there is one. */
  readonly post: Step | undefined
  /** RUNNER_TEMP. Gone when this is disposed of. */
  readonly temporary: string
} & AsyncDisposable

const metadata = z.object({
  inputs: z.record(z.string(), z.object({ default: z.coerce.string().optional() }).loose()).default({}),
  runs: z.object({ using: z.literal('node24'), main: z.string(), post: z.string().optional() }).loose(),
})
/** As the runner's: 7.5 s and 2.5 s. */
const runnersPatience = { interrupt: 7500, terminate: 2500 }
const summaryLimit = 1024 * 1024

/** One job with one step, `uses: <action>`, as GitHub's runner starts it: nothing of this machine is handed on but PATH. */
export async function runAction(options: Options): Promise<ActionEnded> {
  const { action = join(root, 'action.yml'), inputs = {}, token, secrets = [], env = {}, timeoutMs = 120_000 } = options
  const { inputs: declared, runs } = metadata.parse(parse(await readFile(action, 'utf8')))
  const [main, post] = [options.main ?? inside(action, runs.main), options.post ?? (runs.post && inside(action, runs.post))]
  const folder = await mkdtemp(join(tmpdir(), 'proctor-runner-'))
  const log = runnerLog([token, ...secrets].filter((secret) => secret !== ''))
  const strange = Object.keys(inputs).filter((name) => !(name.toLowerCase() in declared))
  if (strange.length > 0) log.read(`::warning::Unexpected input(s) ${strange.map((name) => `'${name}'`).join(', ')}`)
  const workspace = options.workspace ?? join(folder, 'workspace')
  const context = await contextOf(options, { folder, workspace })
  const defaults = Object.entries(declared).map(([name, { default: text = '' }]) => [
    name,
    evaluated(text, { 'github.token': token, 'github.workspace': workspace }),
  ])
  const given = Object.entries({ ...Object.fromEntries(defaults), ...inputs }).map(([name, value]) => [inputName(name), value])
  const raw: string[] = []

  const step = async (entry: string, more: Readonly<Record<string, string>>, signalAfter?: RegExp) => {
    const files = await commandFiles(folder)
    const environment = { ...context, ...Object.fromEntries(given), ...env, ...more, ...files.variables }
    const child = spawn(process.execPath, [entry], { cwd: workspace, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    log.next()
    const onLine = (line: string) => {
      raw.push(line)
      log.read(line)
    }
    const ended = await watch(child, { ...options, timeoutMs, signalAfter, onLine })
    return { ...ended, ...(await files.read()) }
  }
  const first = await step(main, {}, options.signalAfter)
  const state = { ...log.state, ...first.state }
  const states = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]))
  const second = post ? await step(post, { ...first.env, ...states }) : undefined
  const summary = `${first.summary}${second?.summary ?? ''}`
  const isTooLong = Buffer.byteLength(summary) > summaryLimit
  if (isTooLong) log.read(`::error::$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k`)
  return {
    code: first.code,
    signal: first.signal,
    log: log.text(),
    raw: raw.map((line) => `${line}\n`).join(''),
    outputs: { ...log.outputs, ...first.outputs },
    state,
    env: first.env,
    path: first.path,
    summary: summary === '' || isTooLong ? undefined : log.mask(summary),
    annotations: log.annotations,
    groups: log.groups,
    masks: log.masks,
    unread: log.unread,
    post: second && { code: second.code, signal: second.signal },
    temporary: join(folder, 'temp'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const inside = (action: string, path: string) => join(dirname(action), path)
/** Only spaces are replaced: a dash stays. */
const inputName = (name: string) => `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`

function evaluated(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const value = known[expression]
    if (value === undefined) throw new Error(`the runner simulation does not know the expression ${expression}`)
    return value
  })
}

type Watched = Pick<Options, 'patience'> & {
  readonly signalAfter: RegExp | undefined
  readonly timeoutMs: number
  readonly onLine: (line: string) => void
}

/** Until the process has ended: its output by line, a cancellation when it is due. Only the process itself is signalled, as the runner does. */
async function watch(child: ChildProcess, { signalAfter, patience = runnersPatience, timeoutMs, onLine }: Watched): Promise<Step> {
  const timers = [setTimeout(() => child.kill('SIGKILL'), timeoutMs)]
  const later = (ms: number, signal: NodeJS.Signals) => timers.push(setTimeout(() => child.kill(signal), ms))
  let cancelled = false
  const streams = [child.stdout, child.stderr].flatMap((stream) =>
    stream ? [createInterface({ input: stream, crlfDelay: Infinity })] : [],
  )
  const closed = streams.map((lines) => new Promise((done) => lines.on('close', done)))
  for (const lines of streams)
    lines.on('line', (line) => {
      onLine(line)
      if (cancelled || !signalAfter?.test(line)) return
      cancelled = true
      child.kill('SIGINT')
      later(patience.interrupt, 'SIGTERM')
      later(patience.interrupt + patience.terminate, 'SIGKILL')
    })
  const ended = await new Promise<Step>((done, failed) => child.on('exit', (code, signal) => done({ code, signal })).on('error', failed))
  for (const timer of timers) clearTimeout(timer)
  // What the step left running may hold its output open; the runner does not wait for that.
  await Promise.race([Promise.all(closed), new Promise((done) => setTimeout(done, 5000).unref())])
  for (const lines of streams) lines.close()
  return ended
}
