import type { ReportBatch } from '../../../domain/report.ts'
import { cellSpan } from '../../neutral.ts'
import { duration, hasEpochs, money, plural, runTitle } from '../../wording.ts'
import { isFailing, type Ranked } from '../ranking.ts'
import type { Place, ReadText } from '../read.ts'
import { bytesOf, openRoom } from './budget.ts'
import { type DiffText, levels, runBlock } from './run.ts'
import { kindMarks, table } from './tables.ts'

/** How many runs are shown in full at most. */
const mostDetails = 60
type Given = {
  readonly place: Place
  readonly bytes: number
  readonly diffs: ReadonlyMap<string, DiffText>
  readonly details?: number
}

/**
 * Runs in the order that they were given. The first are shown in full, each at the fullest level that its share of what is left allows;
 * more are a row of a table; how many are left out is said.
 */
export function runsText(batch: ReportBatch, runs: readonly Ranked[], { place, bytes, diffs, details = mostDetails }: Given): string {
  if (runs.length === 0) return ''
  const room = openRoom(Math.max(0, bytes - noticeBytes))
  const epochs = hasEpochs(batch)
  const failing = runs.filter(isFailing).length
  const forRows = runs.length > details || room.left / runs.length < leastShare ? Math.floor(bytes / 8) : 0
  let at = 0
  for (; at < Math.min(runs.length, details); at++) {
    const ranked = runs[at]
    if (!ranked) break
    const others = Math.min(at < failing ? failing - at : runs.length - at, details - at, mostShares)
    const share = Math.max(leastShare, (room.left - forRows) / others)
    if (share > room.left - forRows && at > 0) break
    const given = { place, epochs, open: at < failing && failing <= 3, diff: diffs.get(ranked.run.id) }
    const block = levels.map((level) => runBlock(ranked, { ...given, level })).find((text) => bytesOf(text) <= share)
    if (block === undefined || !room.add(block)) break
  }
  const rows = rowsWithin(runs.slice(at), { bytes: room.left, epochs })
  if (rows.text !== '') room.add(rows.text)
  const [unexplained, unnamed] = [runs.length - at, runs.length - at - rows.count]
  return `${room.page()}${notice({ unexplained, unnamed, page: room.page(), bytes })}`
}
const noticeBytes = 240
const leastShare = 1500
const mostShares = 20

/** Diffs of the runs that are shown in full. */
export async function readDiffs(runs: readonly Ranked[], read: ReadText): Promise<ReadonlyMap<string, DiffText>> {
  const diffs = new Map<string, DiffText>()
  const most = levels[0]?.diff ?? 0
  for (const { run } of runs.slice(0, mostDetails)) {
    const found = run.diff ? await read(run.diff.path, most) : undefined
    if (found) diffs.set(run.id, found)
  }
  return diffs
}

function rowsWithin(runs: readonly Ranked[], { bytes, epochs }: { bytes: number; epochs: boolean }) {
  const titles = ['', 'Run', 'Why', ':Time', ':Cost']
  let left = bytes - bytesOf(table(titles, []))
  const rows: string[][] = []
  for (const { run, kind } of runs) {
    const row = [
      `${kindMarks[kind]} ${kind}`,
      cellSpan(runTitle(run, epochs)),
      kind === 'pass' ? '' : cellSpan(run.reason, 120),
      duration(run.duration_ms),
      run.usage.by === 'none' ? '' : money(run.usage.cost_usd),
    ]
    left -= bytesOf(`\n| ${row.join(' | ')} |`)
    if (left < 0) break
    rows.push(row)
  }
  return { text: rows.length === 0 ? '' : table(titles, rows), count: rows.length }
}

function notice({ unexplained, unnamed, page, bytes }: { unexplained: number; unnamed: number; page: string; bytes: number }): string {
  if (unexplained === 0) return ''
  const words = [`the evidence of ${plural(unexplained, 'run')}`, ...(unnamed > 0 ? [`${unnamed} of them altogether`] : [])]
  const text = `${page === '' ? '' : '\n'}<sub>Left out to fit this page: ${words.join(', ')}. All of it is in the full report.</sub>\n`
  return bytesOf(page) + bytesOf(text) <= bytes ? text : ''
}
