import type { ReportRun } from '../../domain/report.ts'
import { clip, oneLine } from '../plain.ts'
import { duration, money, plural } from '../wording.ts'
import { diffFiles } from './diff.ts'
import { bytesOf, type Html, href, html, join, nothing } from './markup.ts'
import { peopleList } from './people.ts'
import { stepsOf, timeline } from './steps.ts'
import { banner, judgement, scoreList } from './verdict.ts'

/** Reads at most `head` bytes from the beginning and `tail` from the end of a file beside the report; undefined when it is not there. */
export type ReadFile = (path: string, part: { readonly head: number; readonly tail: number }) => Promise<FilePart | undefined>
export type FilePart = { readonly head: string; readonly tail: string; readonly whole: boolean }

/** One run opened: what decided on the left, what it left behind and what it did on the right. In about `maxBytes` of HTML. */
export async function runSheet(run: ReportRun, { read, maxBytes }: { read: ReadFile; maxBytes: number }): Promise<Html> {
  const room = Math.max(200, Math.min(20_000, maxBytes / (4 * (run.scores.length + 2))))
  const decided = html`<div class="decided">${banner(run)}${part('Scores', scoreList(run.scores, room))}${run.judge ? part('Judge', judgement(run.judge, room)) : nothing}${people(run, room)}${facts(run)}</div>`
  const said = html`${task(run, room)}${response(run, room)}`
  const left = Math.max(0, maxBytes - bytesOf(decided) - bytesOf(said))
  const diff = await finalDiff(run, { read, maxBytes: left / 2 })
  const steps = await trajectory(run, { read, maxBytes: left - bytesOf(diff) })
  return html`<div class="sheet">${decided}<div class="done">${said}${diff}${steps}</div></div>`
}

const part = (title: string, body: Html, aside: Html = nothing) => html`<section><h4>${title}${aside}</h4>${body}</section>`
const file = (path: string, title: string) => html`<a href="${href(path)}">${title}</a>`

function people(run: ReportRun, room: number): Html {
  const said = peopleList(run, Math.min(room, 2000))
  if (said === nothing) return nothing
  return part('People', said, run.contradicts ? html` <small>they say otherwise than the verdict</small>` : nothing)
}

function task({ turns, from }: ReportRun, room: number): Html {
  const source = from ? html` <small>${from.file}:${from.line}</small>` : nothing
  const asked = turns.map(({ user }) => user).join('\n\n')
  if (asked === '') return nothing
  const whole = html`<p class="prose">${clip(asked, room)}</p>`
  // The same task stands in many runs, and what an agent made of it is what one came for.
  const folded = html`<details class="fold"><summary>${oneLine(asked, 160)}</summary>${whole}</details>`
  return part('Task', asked.length > 400 ? folded : whole, source)
}

function response({ turns, response: last, ended }: ReportRun, room: number): Html {
  const said = clip(turns.length > 1 ? turns.map(({ id, response }) => `${id}: ${response}`).join('\n\n') : last, room)
  if (said === '') return part('Response', html`<p class="quiet">The agent said nothing.</p>`)
  return part('Response', ended.as === 'error' ? html`<pre class="output">${said}</pre>` : html`<p class="prose">${said}</p>`)
}

async function finalDiff({ diff }: ReportRun, { read, maxBytes }: { read: ReadFile; maxBytes: number }): Promise<Html> {
  if (!diff) return nothing
  const aside = html` <small>${plural(diff.files, 'file')}, <b class="plus">+${diff.added}</b> <b class="minus">&minus;${diff.removed}</b> &middot; ${file(diff.path, 'diff.patch')}</small>`
  const left = diff.left.length === 0 ? nothing : html`<p class="quiet">Never part of a diff: ${clip(diff.left.join(', '), 400)}</p>`
  if (diff.files === 0) return part('Diff', html`<p class="quiet">The workspace is unchanged.</p>${left}`, aside)
  const budget = Math.floor(maxBytes * 0.8)
  const found = budget < 300 ? undefined : await read(diff.path, { head: budget, tail: 0 })
  if (!found)
    return part(
      'Diff',
      html`<p class="quiet">${budget < 300 ? 'Left out to keep this page small.' : 'The file is not beside this report.'}</p>${left}`,
      aside,
    )
  const shown = found.whole ? found.head : found.head.slice(0, found.head.lastIndexOf('\n') + 1)
  const cut = found.whole && !diff.cut ? nothing : html`<p class="quiet">The rest of the diff is not shown here.</p>`
  return part('Diff', html`${diffFiles(shown)}${cut}${left}`, aside)
}

async function trajectory(run: ReportRun, { read, maxBytes }: { read: ReadFile; maxBytes: number }): Promise<Html> {
  const steps = stepsOf(run)
  const aside = html` <small>${plural(steps, 'step')} &middot; ${file(run.trajectory, 'trajectory.jsonl')}</small>`
  if (steps === 0) return part('Trajectory', html`<p class="quiet">No steps were recorded.</p>`, aside)
  const found = maxBytes < 400 ? undefined : await read(run.trajectory, { head: Math.floor(maxBytes), tail: Math.floor(maxBytes) })
  if (!found)
    return part(
      'Trajectory',
      html`<p class="quiet">${maxBytes < 400 ? 'Left out to keep this page small.' : 'The file is not beside this report.'}</p>`,
      aside,
    )
  return part('Trajectory', timeline(found, run, maxBytes), aside)
}

function facts(run: ReportRun): Html {
  const { input_tokens, output_tokens, cost_usd, by } = run.usage
  const rows: [string, Html][] = [
    ['Time', html`${duration(run.duration_ms)}`],
    ...(by === 'none'
      ? []
      : [
          [
            'Usage',
            html`${money(cost_usd)}, ${input_tokens.toLocaleString('en-US')} tokens in, ${output_tokens.toLocaleString('en-US')} out (${by})`,
          ] satisfies [string, Html],
        ]),
    ...(run.outputs.length === 0
      ? []
      : [
          ['Outputs', join(run.outputs.slice(0, 20).map(({ path, name }) => html`${file(path, clip(name, 120))}<br>`))] satisfies [
            string,
            Html,
          ],
        ]),
    ...(run.warnings.length === 0 ? [] : [['Warnings', html`${clip(run.warnings.join(' '), 1000)}`] satisfies [string, Html]]),
    ['Run', html`<code>${run.id}</code>`],
  ]
  return html`<dl class="facts">${join(rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`))}</dl>`
}
