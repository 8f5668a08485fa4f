import { exact, type Html, html, join, nothing } from './markup.ts'

/** A unified diff of git, file by file. `text` may be the beginning of a longer one; its last line is then dropped by the caller. */
export function diffFiles(text: string): Html {
  const files = text.split(/^(?=diff --git )/m).filter((part) => part.trim() !== '')
  return join(files.map((part, index) => diffFile(part, files.length <= 12 || index < 6)))
}

/** The hunks of one file. */
export function hunks(text: string): Html {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const first = lines.findIndex((line) => line.startsWith('@@'))
  const body = first >= 0 ? lines.slice(first) : lines.filter((line) => !/^(---|\+\+\+|diff|index) /.test(line))
  return html`<div class="scroll"><pre class="patch">${join(grouped(body).map(block))}</pre></div>`
}

function diffFile(part: string, open: boolean): Html {
  const at = part.search(/^@@/m)
  const head = at < 0 ? part : part.slice(0, at)
  const { added, removed } = at < 0 ? { added: 0, removed: 0 } : countLines(part.slice(at))
  const summary = html`<summary><code>${pathOf(head)}</code>${note(head)}<span class="delta"><b class="plus">+${added}</b> <b class="minus">&minus;${removed}</b></span></summary>`
  return html`<details class="file"${open ? html` open` : nothing}>${summary}${at < 0 ? nothing : hunks(part.slice(at))}</details>`
}

function pathOf(head: string): string {
  const line = (start: string) =>
    head
      .split('\n')
      .find((text) => text.startsWith(start))
      ?.slice(start.length)
  const after = line('+++ ')
  if (after !== undefined && after !== '/dev/null') return after.replace(/^("?)b\//, '$1').trimEnd()
  const before = line('--- ')
  if (before !== undefined && before !== '/dev/null') return before.replace(/^("?)a\//, '$1').trimEnd()
  return line('rename to ') ?? /^diff --git "?a\/.* "?b\/(.*?)"?$/m.exec(head)?.[1] ?? 'a file'
}

function note(head: string): Html {
  const renamed = /^rename from (.*)$/m.exec(head)?.[1]
  const words = [
    /^new file mode/m.test(head) ? 'new' : '',
    /^deleted file mode/m.test(head) ? 'deleted' : '',
    renamed === undefined ? '' : `renamed from ${renamed}`,
    /^(Binary files|GIT binary patch)/m.test(head) ? 'binary' : '',
    /^old mode (\d+)\nnew mode (\d+)/m.exec(head)?.slice(1).join(' to ') ?? '',
  ].filter(Boolean)
  return words.length === 0 ? nothing : html` <small>${words.join(', ')}</small>`
}

function countLines(body: string) {
  let [added, removed] = [0, 0]
  for (const [sign] of body.matchAll(/^[+-]/gm)) sign === '+' ? added++ : removed++
  return { added, removed }
}

type Kind = '+' | '-' | '@' | ' '
/** Neighbouring lines of one kind become one element: a page of many diffs has few elements. */
function grouped(lines: readonly string[]): { kind: Kind; lines: string[] }[] {
  const groups: { kind: Kind; lines: string[] }[] = []
  for (const line of lines) {
    const kind = line.startsWith('+') ? '+' : line.startsWith('-') ? '-' : line.startsWith('@@') ? '@' : ' '
    const last = groups.at(-1)
    if (last?.kind === kind) last.lines.push(line)
    else groups.push({ kind, lines: [line] })
  }
  return groups
}

function block({ kind, lines }: { kind: Kind; lines: string[] }): Html {
  const text = exact(`${lines.join('\n')}\n`)
  if (kind === '+') return html`<ins>${text}</ins>`
  if (kind === '-') return html`<del>${text}</del>`
  return kind === '@' ? html`<b>${text}</b>` : text
}
