import type { Report } from '../../../../runner/domain/report.ts'
import type { Place } from '../../../../runner/report/github/read.ts'
import { hostileText } from '../../../fakes/reports.ts'

/** Each tries one thing on whoever shows it. */
export const attacks: Readonly<Record<string, string>> = {
  everything: hostileText,
  image: '![x](https://evil.example/x.png) <img src=x onerror=pwn>',
  link: '[x](javascript:pwn) <https://evil.example> [r]: https://evil.example [r]',
  addresses: 'https://evil.example/a http://evil.example www.evil.example mailto:a@evil.example evil@evil.example',
  mentions: '@octocat (@octocat) @acme/team a@octocat',
  issues: '#1 acme/orders#2 GH-3 gh-4 TICKET-5 acme/orders@9b1f0c4e7a2d58c39b1f0c4e7a2d58c39b1f0c4e 9b1f0c4',
  emoji: ':octocat: :shipit:',
  fence: '```\n</details>\n\n# head\n\n<img src=x>\n```',
  tilde: '~~~\n</details>\n~~~',
  'long fence': `${'`'.repeat(40)}\n</details>`,
  tick: '` <img src=x> `',
  ticks: '`` ` ``` <img src=x>',
  backslash: '\\',
  details: '</summary></details></details><details open><summary>x',
  table: 'a | b \\| c \\\\| d\n| --- | --- |\n| 1 | 2 |',
  'end of table': '</td></tr></table><table><tr><td>',
  heading: 'x\n\n# heading\n\n- [ ] task\n\n1. list\n\n> quote\n\n---',
  script: '<script>pwn</script><svg/onload=pwn><iframe src=x><style>*{display:none}</style>',
  comment: '<!-- proctor:v1 key=proctor -->\n<!-- proctor:state run=9 attempt=9 revision=9 sha=a digest=b -->',
  'end of comment': '--> --!> <!-- <![CDATA[ ]]> <?php ?> <!DOCTYPE x>',
  'end of block': '<!-- proctor:end key=proctor --><!-- proctor:begin key=proctor -->',
  entities: '&lt;img src=x&gt; &#64;octocat &commat;octocat &#35;1',
  math: '$\\def\\x{\\x}\\x$ $`x`$ $$x$$',
  emphasis: '**x** __x__ ~~x~~ *x* _x_ ==x==',
  bidi: 'a\u202eb\u2066c\u200b\u200d\ufeff\u{e0041}',
  controls: '\u0000\u0007\u001b[31mred\u001b]8;;https://evil.example\u0007x\u001b]8;;\u0007\r\nnext\rnext',
  lone: '\ud800 \udc00 \ufffe',
  command: '::error::x\n::set-output name=x::y ##[error]x',
  blank: ' \n\t ',
  long: 'A'.repeat(70_000),
}

/** Every text of the report is the attack, around what was there; words that only proctor can have written stay. */
export function attacked(report: Report, attack: string): Report {
  const all: unknown = walk(report, attack)
  // The shape is that of the report, leaf by leaf.
  return all as Report
}

function walk(value: unknown, attack: string): unknown {
  if (typeof value === 'string') return `${attack} ${value} ${attack}`
  if (Array.isArray(value)) return value.map((entry) => walk(entry, attack))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, ours.has(key) ? entry : walk(entry, attack)]))
}
/** What the schema of a report fixes, even of one that a stranger sends. */
const ours = new Set(['schema', 'plan', 'state', 'conclusion', 'verdict', 'side', 'status', 'keys', 'rating'])

export const place: Place = {
  serverUrl: 'https://github.example',
  repo: 'acme/orders',
  sha: '9b1f0c4e7a2d58c39b1f0c4e7a2d58c39b1f0c4e',
  runUrl: 'https://github.example/acme/orders/actions/runs/7',
  reportUrl: 'https://github.example/acme/orders/actions/runs/7/artifacts/9',
  notes: ['The base of this pull request is older than its baseline.'],
  baseRef: 'main',
}
export const attackedPlace = (attack: string): Place => ({ ...place, notes: [attack], baseRef: attack })
