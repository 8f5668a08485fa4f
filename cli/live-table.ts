import { cell, columns, paint, type Span, type Style } from './columns.ts'
import type { Active, Counts, Tally } from './tally.ts'

export type Screen = { readonly width: number; readonly height: number; readonly colour: boolean }
/** `now` and `started` in ms; `notes` stay above the table. */
export type Moment = { readonly tally: Tally; readonly now: number; readonly started: number; readonly stopping: boolean }

/** The whole table as text that fits the screen: batches with counts, then what is at work. Pure. */
export function tableText(moment: Moment, screen: Screen): string {
  const width = screen.width - 1
  const { batches, active, preparing } = moment.tally
  // A frame of log-update ends in an empty row, so one row of the screen is not for us.
  const room = Math.max(4, screen.height - 1 - fixedRows - (preparing ? 1 : 0))
  const activeRoom = Math.min(active.size, Math.max(2, Math.floor(room / 2), room - batches.size))
  const rows = [
    headRow(moment, width),
    [],
    ...batchRows(moment, { width, room: room - activeRoom }),
    ...(active.size > 0 || preparing ? [[]] : []),
    ...activeRows([...active.values()], { width, room: activeRoom, now: moment.now }),
    ...(preparing
      ? [[['  preparing  ', 'cyan'], `${preparing.runs.size === 1 ? 'a run' : `${preparing.runs.size} runs`}  `, [preparing.log, 'dim']]]
      : []),
  ] as Span[][]
  const asked = { width, colour: screen.colour }
  return rows
    .slice(0, screen.height - 1)
    .map((spans) => paint(spans, asked))
    .join('\n')
}
/** Head, an empty row, the names of the columns, an empty row. */
const fixedRows = 4

function headRow({ tally, now, started, stopping }: Moment, width: number): Span[] {
  const finished = tally.before + tally.since
  const left = `${stopping ? 'stopping: ' : ''}${finished} of ${tally.total} ${tally.total === 1 ? 'run' : 'runs'} done`
  const right = [clock(now - started), remaining(tally, now - started)].filter(Boolean).join(', ')
  const gap = Math.max(2, Math.min(width, 100) - columns(left) - columns(right))
  return [[left, stopping ? ['bold', 'yellow'] : 'bold'], ' '.repeat(gap), [right, 'dim']]
}

/** `1:04`, `1:02:03` */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** Nothing until enough runs are through to go by. */
function remaining({ total, before, since, active }: Tally, elapsed: number): string {
  const left = total - before - since
  if (left <= 0 || since < Math.max(3, active.size)) return ''
  const seconds = (elapsed / since / 1000) * left
  return seconds < 55 ? `about ${Math.ceil(seconds / 5) * 5} s left` : `about ${Math.ceil(seconds / 60)} min left`
}

type Place = { readonly width: number; readonly room: number }

function batchRows({ tally: { batches, active } }: Moment, { width, room }: Place): Span[][] {
  const busy = new Set([...active.values()].map(({ batch }) => batch))
  const all = [...batches]
  const overflow = all.length > room
  const shown = overflow ? all.toSorted((a, b) => rank(a, busy) - rank(b, busy)).slice(0, Math.max(1, room - 1)) : all
  const hasUnscored = all.some(([, { unscored }]) => unscored > 0)
  const done = Math.max(4, ...all.map(([, { total }]) => 2 * String(total).length + 1))
  const fixed = 2 + 2 + done + 2 * 6 + (hasUnscored ? 10 : 0)
  const bar = width - fixed >= 50 ? 20 : 0
  const name = Math.max(8, Math.min(Math.max(...all.map(([title]) => columns(title)), 12), width - fixed - (bar && bar + 2)))
  const figure = (value: number, style: Style): Span =>
    value === 0 ? [cell('·', 6, 'right'), 'dim'] : [cell(String(value), 6, 'right'), style]
  const head: Span[] = [
    [
      `  ${cell('agent / eval', name)}  ${bar ? ' '.repeat(bar + 2) : ''}${cell('done', done, 'right')}${cell('pass', 6, 'right')}${cell('fail', 6, 'right')}${hasUnscored ? '  unscored' : ''}`,
      'dim',
    ],
  ]
  const rows = shown.map(([title, counts]): Span[] => {
    const finished = finishedOf(counts)
    return [
      markOf(counts, busy.has(title)),
      cell(title, name),
      '  ',
      ...(bar ? barSpans(counts, bar) : []),
      cell(`${finished}/${counts.total}`, done, 'right'),
      figure(counts.pass, 'green'),
      figure(counts.fail, 'red'),
      ...(hasUnscored && counts.unscored > 0 ? [[cell(String(counts.unscored), 10, 'right'), 'yellow'] as const] : []),
    ]
  })
  return [head, ...rows, ...(overflow ? [[[restText(all, shown.length, busy), 'dim'] as const]] : [])]
}

const finishedOf = ({ pass, fail, unscored }: Counts) => pass + fail + unscored
const isMet = ({ pass, fail, gate }: Counts) => pass >= gate * (pass + fail)
const isFinished = (counts: Counts) => finishedOf(counts) >= counts.total

/** When not all fit: at work, then begun, then finished below the gate, then waiting, then all well. */
function rank([title, counts]: readonly [string, Counts], busy: ReadonlySet<string>): number {
  if (busy.has(title)) return 0
  if (!isFinished(counts)) return finishedOf(counts) > 0 ? 1 : 3
  return isMet(counts) && counts.unscored === 0 ? 4 : 2
}

function restText(all: readonly (readonly [string, Counts])[], shown: number, busy: ReadonlySet<string>): string {
  const rest = all.toSorted((a, b) => rank(a, busy) - rank(b, busy)).slice(shown)
  const finished = rest.filter(([, counts]) => isFinished(counts)).length
  const parts = [
    ...(finished > 0 ? [`${finished} finished`] : []),
    ...(rest.length > finished ? [`${rest.length - finished} to come`] : []),
  ]
  return `  and ${rest.length} more: ${parts.join(', ')}`
}

function markOf(counts: Counts, isBusy: boolean): Span {
  if (!isFinished(counts)) return isBusy ? ['▸ ', 'cyan'] : '  '
  if (counts.pass + counts.fail === 0) return ['- ', 'yellow']
  return isMet(counts) ? ['✓ ', 'green'] : ['✗ ', 'red']
}

function barSpans({ pass, fail, unscored, total }: Counts, width: number): Span[] {
  const at = (count: number) => Math.round((count / Math.max(1, total)) * width)
  const [a, b, c] = [at(pass), at(pass + fail), at(pass + fail + unscored)]
  return [['━'.repeat(a), 'green'], ['━'.repeat(b - a), 'red'], ['━'.repeat(c - b), 'yellow'], ['─'.repeat(width - c), 'dim'], '  ']
}

/** The oldest first: they are where the time goes. */
function activeRows(active: readonly Active[], { width, room, now }: Place & { readonly now: number }): Span[][] {
  const overflow = active.length > room
  const shown = active.slice(0, overflow ? Math.max(1, room - 1) : room)
  const title = Math.max(10, Math.min(Math.max(0, ...shown.map((run) => columns(run.title))), Math.floor(width * 0.45)))
  const rows = shown.map((run): Span[] => [
    [`  ${cell(run.stage, 9)}`, 'cyan'],
    cell(clock(now - run.since), 7, 'right'),
    `  ${cell(run.title, title)}  `,
    [run.doing, 'dim'],
  ])
  return [...rows, ...(overflow ? [[[`  and ${active.length - shown.length} more at work`, 'dim'] as const]] : [])]
}
