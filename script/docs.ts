import { codes } from '../runner/domain/error.ts'
import { generate } from './generated.ts'
import { withMadeParts } from './made-parts.ts'

type Entry = (typeof codes)[keyof typeof codes]
const groups: readonly { readonly title: string; readonly about: string; readonly has: (entry: Entry) => boolean }[] = [
  {
    title: 'The agent did it',
    about: 'The run is graded, and fails. What the agent left is kept and shown all the same.',
    has: (entry) => entry.class === 'agent',
  },
  {
    title: 'An author or admin must act, before any run',
    about: 'Nothing was started, so it cost nothing. All problems are named in one go.',
    has: (entry) => entry.class === 'author' && entry.verdict === 'none',
  },
  {
    title: 'An author must act, and it showed only in a run',
    about: 'That run is unscored, the others go on.',
    has: (entry) => entry.class === 'author' && entry.verdict !== 'none',
  },
  {
    title: 'The machine did it',
    about: 'The run is unscored: never PASS, never FAIL, and outside of every rate.',
    has: (entry) => entry.class === 'infrastructure',
  },
]

/** docs/errors.md, out of the table of codes; tables and workflows within other pages. `--check`: are they fresh? */
const others = ['README.md', 'docs/action.md', 'docs/deploy.md'].map((name) => [name, withMadeParts(name)] as const)
generate({ 'docs/errors.md': page(), ...Object.fromEntries(others) }, 'node script/docs.ts')

function page(): string {
  const sections = groups.map(({ title, about, has }) => `## ${title}\n\n${about}\n\n${table(has)}\n`)
  return `# Errors

<!-- Made by script/docs.ts out of the tables in runner/domain/codes/. Change them there. -->

Every error has a code, says what happened and where, who must act, and what to do next. \`retry\`: whether proctor tries again by itself, at
most three times in all. \`exit\`: what \`proctor run\` ends with; \`check\`: the conclusion of the check run.

${sections.join('\n')}`
}

function table(has: (entry: Entry) => boolean): string {
  const rows = Object.entries(codes).filter(([, entry]) => has(entry))
  const lines = rows.map(
    ([code, { what, who, next, retry, exit, conclusion }]) =>
      `| \`${code}\` | ${what} | ${who} | ${next} | ${retry ? 'yes' : 'no'} | ${exit} | \`${conclusion}\` |`,
  )
  return [
    '| code | what happened | who must act | next step | retry | exit | check |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}
