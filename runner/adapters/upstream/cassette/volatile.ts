/** What a text says that is another every time, by how it is spelled: `[what it looks like, what stands for it]`. */
type Rule = readonly [RegExp, string]

const day = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*'
const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*'
const clock = String.raw`\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?`
const zone = String.raw`(?:\s?(?:Z|GMT|UTC|[+-]\d{2}:?\d{2})\b)?`
const amount = String.raw`\d+(?:[.,]\d+)?`
const measured = 'in|took|after|[Tt]ime:?|[Dd]uration:?|[Ee]lapsed:?'

/** In this order: what is longer comes first. Agents write what they are used on, so each takes time in proportion to the text. */
const rules: readonly Rule[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  // Points in time, as logs, git, HTTP, `date` and `ls -l` write them.
  [new RegExp(String.raw`\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?${zone}`, 'g'), '<time>'],
  [new RegExp(String.raw`\b${day},? \d{1,2} ${month} \d{4},? ${clock}${zone}`, 'g'), '<time>'],
  [new RegExp(String.raw`\b${day},? ${month} {1,2}\d{1,2},? ${clock}${zone} \d{4}${zone}`, 'g'), '<time>'],
  [new RegExp(String.raw`\b${month} {1,2}\d{1,2} {1,2}(?:\d{2}:\d{2}|\d{4})(?= )`, 'g'), '<time>'],
  [new RegExp(String.raw`\b${clock}\b${zone}`, 'g'), '<time>'],
  // Durations, where tools print what they measured.
  [new RegExp(String.raw`\b(${measured}) {1,4}${amount} ?(?:s|ms|secs?|seconds)\b(?: \(<time>\))?`, 'g'), '$1 <duration>'],
  [new RegExp(String.raw`\(${amount} ?m?s\)`, 'g'), '(<duration>)'],
  [new RegExp(String.raw`\bduration_ms:? ${amount}`, 'g'), 'duration_ms <duration>'],
  [new RegExp(String.raw`^(real|user|sys)\t\d+m${amount}s$`, 'gm'), '$1 <duration>'],
  [new RegExp(String.raw`^(ok[ \t]{1,4}\S{1,200})[ \t]{1,4}${amount}s\b`, 'gm'), '$1 <duration>'],
  // pytest fills its lines, so how much depends on the length of the duration.
  [/^=+(?= [^\n]*<duration>[^\n]*=$)/gm, '==='],
  [/(?<=<duration>[^\n=]{0,100} )=+$/gm, '==='],
  // Names of temporary files and folders.
  [/\btmp[a-z0-9_]{8}\b/g, '<temp>'],
  [/\btmp\.[A-Za-z0-9]{6,12}\b/g, '<temp>'],
  [/(\/tmp\/[\w.-]{0,100}-)(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6}\b/g, '$1<temp>'],
  [/\bpytest-\d+(?=\/)/g, 'pytest-<temp>'],
  // Processes, addresses, ports, commits that were made on the way.
  [/\b(PGID|PID|pid)(: ?| |=)\d+/g, '$1$2<pid>'],
  [/\b(Chunk ID: )[0-9a-f]{6}\b/g, '$1<id>'],
  [/\b(at )0x[0-9a-f]{6,16}\b/g, '$1<address>'],
  [/\b(127\.0\.0\.1|localhost|0\.0\.0\.0):(?:3[2-9]|[456]\d)\d{3}\b/g, '$1:<port>'],
  [/^(commit )?[0-9a-f]{40}$/gm, '$1<commit>'],
  [/^(\[\S{1,200} (?:\(root-commit\) )?)[0-9a-f]{7,12}(?=\] )/gm, '$1<commit>'],
  [/^(HEAD is now at )?(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{7,12}(?= \S)/gm, '$1<commit>'],
  // How much was cut out of the middle depends on all of these.
  [/\[\.\.\. [\d,]+ (characters left out|bytes cut) \.\.\.\]/g, '[... $1 ...]'],
]

/** What tools printed: times, durations, random names and ids do not count. `now`: when it was asked. */
export function withoutVolatile(text: string, now: Date): string {
  let plain = text
  for (const [spelled, name] of rules) plain = plain.replace(spelled, name)
  return withoutToday(
    plain.replace(/\b1\d{9}(?:\d{3})?(?:\.\d+)?\b/g, (found) => (isNow(found, now) ? '<time>' : found)),
    now,
  )
}

/** Where CLIs tell of their surroundings in the middle of what people and models say. */
const surroundings = [
  ['<system-reminder>', '</system-reminder>'],
  ['<environment_context>', '</environment_context>'],
  ['<session_context>', '</session_context>'],
  ['And got this output:\n\n```\n', '\n```'],
] as const

/** Text of people and models: all of it counts, but for what CLIs put around it. */
export function withoutContext(text: string, now: Date): string {
  let plain = text
  for (const [start, end] of surroundings) plain = between(plain, start, end, (inside) => withoutVolatile(inside, now))
  return plain.replace(
    /\b((?:[Tt]oday's|[Cc]urrent) date(?: is|:) ?)([^\n(.;]{6,40}?)(?=[.\n;]|$| \()/g,
    (all, before: string, date: string) => (isToday(date, now) ? `${before}<today>` : all),
  )
}

/** Changes what stands between each `start` and the next `end`. */
export function between(text: string, start: string, end: string, change: (inside: string) => string): string {
  let changed = ''
  let at = 0
  for (;;) {
    const from = text.indexOf(start, at)
    const to = from === -1 ? -1 : text.indexOf(end, from + start.length)
    if (to === -1) return changed + text.slice(at)
    changed += text.slice(at, from + start.length) + change(text.slice(from + start.length, to))
    at = to
  }
}

/** The token of a run, as the gateway makes it. */
export const withoutToken = (text: string): string => text.replace(/\bpt-[\w-]{43}(?![\w-])/g, '<run token>')

/** Other dates say something; that of today is said by clocks. A day more or less: nobody knows in which zone. */
const withoutToday = (text: string, now: Date) =>
  text.replace(/\b\d{4}-\d{2}-\d{2}\b/g, (found) => (isToday(found, now) ? '<today>' : found))

function isToday(date: string, now: Date): boolean {
  const at = Date.parse(`${date.trim()}${/^\d{4}-\d{2}-\d{2}$/.test(date.trim()) ? 'T12:00:00Z' : ' 12:00:00 UTC'}`)
  return Math.abs(at - now.getTime()) < 1.5 * 24 * 3600_000
}

function isNow(seconds: string, now: Date): boolean {
  const whole = seconds.split('.')[0] ?? ''
  return Math.abs(Number(whole) * (whole.length === 13 ? 1 : 1000) - now.getTime()) < 24 * 3600_000
}
