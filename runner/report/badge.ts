import type { Report, ReportBatch, ScorerTotals } from '../domain/report.ts'
import { batchTitle, percent } from './wording.ts'

/** Badges by file name: one for each batch, one for each of its scorers. */
export function badges(report: Report): Map<string, string> {
  const files = new Map<string, string>()
  for (const batch of report.batches) {
    add(files, [batch.agent, batch.eval], batchBadge(batch, report.state))
    for (const scorer of batch.scorers) add(files, [batch.agent, batch.eval, scorer.name], scorerBadge(scorer))
  }
  return files
}

function batchBadge(batch: ReportBatch, state: Report['state']): string {
  const { pass, fail, unscored } = batch.totals
  const result = pass + fail === 0 ? 'nothing scored' : `${pass}/${pass + fail} pass`
  const right = `${result}${unscored ? `, ${unscored} unscored` : ''}${state === 'running' ? ', running' : ''}`
  return badge({ left: batchTitle(batch), right, colour: state === 'running' ? colours.neutral : colours[batch.conclusion] })
}

function scorerBadge({ name, pass, fail, na, pass_rate }: ScorerTotals): string {
  const right = pass_rate === null ? (na > 0 ? 'N/A' : 'no score') : `${percent(pass_rate)} of ${pass + fail}`
  return badge({
    left: name,
    right,
    colour: pass_rate === null ? colours.neutral : fail === 0 ? colours.success : pass === 0 ? colours.failure : colours.action_required,
  })
}

const colours = { success: '#1a7f4b', failure: '#b3261e', action_required: '#8a5a00', neutral: '#5c6370', cancelled: '#5c6370' } as const

/** `textLength` makes every font fill the space that was measured here, so that no text runs over. */
function badge({ left, right, colour }: { left: string; right: string; colour: string }): string {
  const [a, b] = [width(left), width(right)]
  const total = a + b + 4 * pad
  const label = escapeXml(`${left}: ${right}`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="20" role="img" aria-label="${label}"><title>${label}</title>
<clipPath id="r"><rect width="${total}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${a + 2 * pad}" height="20" fill="#2b2f36"/><rect x="${a + 2 * pad}" width="${b + 2 * pad}" height="20" fill="${colour}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><text x="${pad}" y="14" textLength="${a}" lengthAdjust="spacingAndGlyphs">${escapeXml(left)}</text><text x="${a + 3 * pad}" y="14" textLength="${b}" lengthAdjust="spacingAndGlyphs">${escapeXml(right)}</text></g>
</svg>
`
}
const pad = 6

/** Pixels of a text in 11 px Verdana, near enough. */
const width = (text: string) => Math.ceil([...text].reduce((sum, char) => sum + (widths.find(([set]) => set.includes(char))?.[1] ?? 7), 0))
const widths: readonly (readonly [string, number])[] = [
  ["ijl.,:;'|!", 3.6],
  ['ftrI ()[]-/', 4.6],
  ['mwMW%@', 10.4],
  ['ABCDEFGHJKLNOPQRSTUVXYZ', 7.8],
]

const escapeXml = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

function add(files: Map<string, string>, parts: readonly string[], svg: string) {
  const base = parts.map((part) => part.replace(/[^\w.-]+/g, '-').slice(0, 64)).join('--')
  let name = `${base}.svg`
  for (let number = 2; files.has(name); number++) name = `${base}~${number}.svg`
  files.set(name, svg)
}
