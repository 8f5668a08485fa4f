import type { ReportRun } from '../../domain/report.ts'
import type { Step } from '../../domain/step.ts'
import { clip } from '../plain.ts'
import { hunks } from './diff.ts'
import { bytesOf, type Html, html, nothing } from './markup.ts'

/** The beginning and the end of trajectory.jsonl, as much as was read of it. */
export type Trajectory = { readonly head: string; readonly tail: string; readonly whole: boolean }

/** The timeline in at most `maxBytes` of HTML: the first steps and the last ones, and how many lie between. */
export function timeline({ head, tail, whole }: Trajectory, run: ReportRun, maxBytes: number): Html {
  const [first, last] = whole ? [parseSteps(head, 'whole'), []] : [parseSteps(head, 'start'), parseSteps(tail, 'end')]
  const total = Math.max(
    run.turns.reduce((sum, turn) => sum + turn.steps, 0),
    first.length + last.length,
  )
  if (total === 0) return html`<p class="quiet">No steps were recorded.</p>`
  const start = Date.parse(first[0]?.at ?? '')
  const front = fill(first, { start, run, maxBytes: whole ? maxBytes * 0.6 : maxBytes / 2 })
  const rest = whole ? first.slice(front.count) : last
  const back = fill(rest.toReversed(), { start, run, maxBytes: maxBytes - front.bytes })
  const hidden = total - front.count - back.count
  const gap = hidden > 0 ? html`<li class="gap">${hidden} ${hidden === 1 ? 'step' : 'steps'} not shown here</li>` : nothing
  return html`<ol class="timeline">${front.items}${gap}${back.items.toReversed()}</ol>`
}

/** Lines of Step; the line that a cut went through is left out, and so is whatever is no step. */
function parseSteps(text: string, part: 'whole' | 'start' | 'end'): Step[] {
  const lines = text.split('\n')
  if (part === 'start') lines.pop()
  if (part === 'end') lines.shift()
  return lines.flatMap((line) => {
    try {
      const step: unknown = JSON.parse(line)
      return isStep(step) ? [step] : []
    } catch {
      return []
    }
  })
}

function isStep(value: unknown): value is Step {
  if (typeof value !== 'object' || value === null || !('kind' in value && 'detail' in value && 'at' in value)) return false
  return typeof value.kind === 'string' && typeof value.at === 'string' && typeof value.detail === 'object' && value.detail !== null
}

type Filling = { readonly start: number; readonly run: ReportRun; readonly maxBytes: number }

function fill(steps: readonly Step[], { start, run, maxBytes }: Filling): { items: Html[]; count: number; bytes: number } {
  const items: Html[] = []
  let bytes = 0
  for (const step of steps) {
    const item = stepItem(step, start, run)
    if (bytes + bytesOf(item) > maxBytes) break
    items.push(item)
    bytes += bytesOf(item)
  }
  return { items, count: items.length, bytes }
}

function stepItem(step: Step, start: number, run: ReportRun): Html {
  const seconds = Math.round((Date.parse(step.at) - start) / 1000)
  const turn = run.turns.length > 1 ? html` <small>${step.turn}</small>` : nothing
  const time = Number.isFinite(seconds) ? html`<time>${clock(seconds)}</time>` : nothing
  return html`<li class="${step.kind}"><div class="kind">${titles[step.kind] ?? step.kind}${turn}${time}</div><div class="what">${stepBody(step)}</div></li>`
}
const titles: Record<string, string> = {
  assistant: 'Assistant',
  shell: 'Shell',
  edit: 'Edit',
  read: 'Read',
  search: 'Search',
  tool: 'Tool',
  network: 'Network',
}
const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.max(0, seconds % 60)).padStart(2, '0')}`

function stepBody(step: Step): Html {
  switch (step.kind) {
    case 'assistant':
      return html`<p class="prose">${clipped(step.detail.text)}</p>${cutNote(step.detail.cut)}`
    case 'shell':
      return shell(step.detail)
    case 'edit':
      return html`<code class="path">${text(step.detail.path)}</code>${step.detail.diff === undefined ? nothing : hunks(clipped(step.detail.diff))}${cutNote(step.detail.cut)}`
    case 'read':
    case 'search':
      return html`${step.detail.query === undefined ? nothing : html`<q>${clip(text(step.detail.query), 400)}</q> `}${step.detail.path === undefined ? nothing : html`<code class="path">${text(step.detail.path)}</code>`}`
    case 'tool':
      return html`<code class="path">${text(step.detail.name)}</code> <code>${json(step.detail.arguments)}</code>${step.detail.result === undefined ? nothing : output(json(step.detail.result), false)}`
    case 'network':
      return network(step.detail)
    default:
      return html`<code>${json(step)}</code>`
  }
}

function shell({ command, output: printed = '', exit_code, cut }: Extract<Step, { kind: 'shell' }>['detail']): Html {
  const exit =
    exit_code === undefined || exit_code === null
      ? html`<span class="exit quiet">no exit code</span>`
      : html`<span class="exit ${exit_code === 0 ? 'fine' : 'bad'}">exit ${exit_code}</span>`
  return html`<div class="command"><pre>${clipped(text(command))}</pre>${exit}</div>${printed === '' ? nothing : output(clipped(text(printed)), exit_code !== 0)}${cutNote(cut)}`
}

/** Long output is folded, unless it is what went wrong. */
function output(printed: string, open: boolean): Html {
  const lines = printed.trimEnd().split('\n').length
  const block = html`<pre class="output">${printed.trimEnd()}</pre>`
  return lines <= 12
    ? block
    : html`<details class="fold"${open && lines <= 80 ? html` open` : nothing}><summary>${lines} lines of output</summary>${block}</details>`
}

function network({ host, port, method, url, status }: Extract<Step, { kind: 'network' }>['detail']): Html {
  const where = url ?? `${host}${port === undefined ? '' : `:${port}`}`
  const outcome = status === undefined ? nothing : html` <span class="exit ${status < 400 ? 'fine' : 'bad'}">${status}</span>`
  return html`<code>${method === undefined ? 'connect' : text(method)} ${clip(text(where), 400)}</code>${outcome}`
}

const cutNote = (cut: boolean | undefined) => (cut ? html` <small class="quiet">cut when it was recorded</small>` : nothing)

/** At most 9,000 characters: the beginning and the end, where the reason usually stands. */
function clipped(given: string): string {
  const long = text(given)
  return long.length <= 9000 ? long : `${clip(long, 5000)}\n… ${long.length - 9000} characters …\n${long.slice(-4000)}`
}

/** The line says that it is a step; only its values are taken on trust by nobody. */
const text = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value))
const json = (value: unknown): string => clip(JSON.stringify(value) ?? '', 4000)
export const stepsOf = (run: ReportRun): number => run.turns.reduce((sum, turn) => sum + turn.steps, 0)
