const columns = [
  { title: 'requests', width: 10, text: (row) => String(row.requests) },
  { title: 'share', width: 8, text: (row) => `${(row.share * 100).toFixed(1)}%` },
  { title: 'errors', width: 9, text: (row) => String(row.errors) },
  { title: 'p50 ms', width: 8, text: (row) => number(row.p50) },
  { title: 'p95 ms', width: 8, text: (row) => number(row.p95) },
]

/** The report for a terminal. Keys come from the log: control characters in them must not reach the terminal. */
export function table({ by, rows, requests, unreadable }) {
  const keys = rows.map((row) => printable(row.key))
  const width = Math.min(60, Math.max(24, ...keys.map((key) => key.length)))
  const lines = [by.padEnd(width) + columns.map((column) => column.title.padStart(column.width)).join('')]
  rows.forEach((row, index) => {
    lines.push(fit(keys[index], width) + columns.map((column) => column.text(row).padStart(column.width)).join(''))
  })
  lines.push(summary({ requests, unreadable }))
  return `${lines.join('\n')}\n`
}

export function summary({ requests, unreadable }) {
  const parts = [count(requests, 'request')]
  if (unreadable > 0) parts.push(count(unreadable, 'unreadable line'))
  return parts.join(', ')
}

export const json = (report) => `${JSON.stringify(report)}\n`

const count = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`
const number = (value) => (value === null ? '-' : String(value))
const fit = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width))
const printable = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
