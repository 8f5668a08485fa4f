/** What a comment tells us to do. Names in it are a stranger's words: they are looked up, never pasted anywhere. */
export type Command =
  | { readonly do: 'run'; readonly eval?: string; readonly epochs?: number }
  | { readonly do: 'help' }
  | { readonly do: 'rerun failed' | 'cancel' | 'accept' }
  | { readonly do: 'approve'; readonly sha: string; readonly withCredentials: boolean }
  | { readonly do: 'feedback'; readonly run: string; readonly rating: Rating; readonly text: string }
  | { readonly do: 'wrong'; readonly run: string; readonly text: string }
  | { readonly do: 'expect'; readonly run: string }
  | { readonly do: 'quarantine' | 'unquarantine'; readonly sample: string }
  | { readonly do: 'misunderstood'; readonly why: string }
type Rating = 'pass' | 'fail' | 'partial'

/**
 * Reads the first line of a comment, which is ours only when it begins with `/proctor`; anything else, a quoted command included, is talk.
 * The lines below it are text. Gives undefined for talk.
 */
export function readCommand(body: string): Command | undefined {
  const [first = '', ...rest] = body.split(/\r\n|\n|\r/)
  const [, said] = /^\/proctor(?:[ \t]+(.*))?$/.exec(first.trimEnd()) ?? []
  if (!/^\/proctor(?:[ \t]|$)/.test(first)) return undefined
  const words = (said ?? '').split(/[ \t]+/).filter(Boolean)
  const [verb = 'help', ...args] = words
  const read = Object.hasOwn(verbs, verb) ? verbs[verb as keyof typeof verbs] : undefined
  if (!read) return misunderstood(`there is no command \`${plain(verb)}\``)
  return read({ args, below: rest.join('\n').trim(), line: (said ?? '').slice(verb.length).trim() })
}

/** One line each, as `/proctor help` shows them. */
export const usage = [
  '/proctor run [eval] [--epochs n]',
  '/proctor rerun failed',
  '/proctor cancel',
  '/proctor accept',
  '/proctor approve <40-hex sha> [--with-credentials]',
  '/proctor feedback <run> pass|fail|partial [text]',
  '/proctor wrong <run> <why>',
  '/proctor expect <run>  (what was expected below, as a fenced block or an attached file)',
  '/proctor quarantine <sample>',
  '/proctor unquarantine <sample>',
  '/proctor help',
] as const

type Said = { readonly args: readonly string[]; readonly below: string; readonly line: string }

const verbs: Readonly<Record<string, (said: Said) => Command>> = {
  run,
  rerun: ({ args }) => (args.join(' ') === 'failed' ? { do: 'rerun failed' } : misunderstood('`rerun` takes one word: `failed`')),
  cancel: bare('cancel'),
  accept: bare('accept'),
  help: () => ({ do: 'help' }),
  approve,
  feedback,
  wrong: ({ args, below, line }) => {
    const [id] = args
    const text = textOf({ line: line.slice(id?.length ?? 0), below })
    if (!isRun(id) || text === '') return misunderstood('`wrong` takes a run and why it is wrong')
    return { do: 'wrong', run: id, text }
  },
  expect: ({ args: [id, more] }) =>
    isRun(id) && more === undefined ? { do: 'expect', run: id } : misunderstood('`expect` takes a run; what was expected stands below it'),
  quarantine: sampleOf('quarantine'),
  unquarantine: sampleOf('unquarantine'),
}

function run({ args }: Said): Command {
  const at = args.findIndex((word) => word === '--epochs' || word.startsWith('--epochs='))
  const [value, width] = at < 0 ? [undefined, 0] : args[at]?.includes('=') ? [args[at].split('=')[1], 1] : [args[at + 1], 2]
  const rest = at < 0 ? args : args.toSpliced(at, width)
  const epochs = Number(value)
  if (at >= 0 && !(/^\d{1,4}$/.test(value ?? '') && epochs >= 1 && epochs <= 100))
    return misunderstood('`--epochs` takes a number from 1 to 100')
  const [name, more] = rest
  if (more !== undefined || (name !== undefined && !/^[a-z0-9]+(?:[-_.][a-z0-9]+)*$/i.test(name)))
    return misunderstood('`run` takes the name of one eval, or none for all')
  return { do: 'run', ...(name === undefined ? {} : { eval: name }), ...(at < 0 ? {} : { epochs }) }
}

/** A label or a short sha is no approval: what is approved is exactly what was looked at. */
function approve({ args: [sha, flag, more] }: Said): Command {
  if (!/^[0-9a-f]{40}$/.test(sha ?? '') || more !== undefined || (flag !== undefined && flag !== '--with-credentials'))
    return misunderstood('`approve` takes the whole sha of the commit, 40 hexadecimal digits')
  return { do: 'approve', sha: sha ?? '', withCredentials: flag !== undefined }
}

function feedback({ args: [id, rating], below, line }: Said): Command {
  if (!isRun(id) || (rating !== 'pass' && rating !== 'fail' && rating !== 'partial'))
    return misunderstood('`feedback` takes a run and one of pass, fail, partial')
  return { do: 'feedback', run: id, rating, text: textOf({ line: line.slice(line.indexOf(rating, id.length) + rating.length), below }) }
}

function sampleOf(verb: 'quarantine' | 'unquarantine') {
  return ({ line }: Said): Command => {
    const sample = /^"(.*)"$/.exec(line)?.[1] ?? line
    return sample === '' || sample.length > 400 ? misunderstood(`\`${verb}\` takes the id of a sample`) : { do: verb, sample }
  }
}

function bare(verb: 'cancel' | 'accept') {
  return ({ args }: Said): Command => (args.length === 0 ? { do: verb } : misunderstood(`\`${verb}\` takes nothing more`))
}

/** Ids of runs are file names that we made ourselves. */
const isRun = (word: string | undefined): word is string => word !== undefined && /^[\w.~-]{1,200}$/.test(word)
const textOf = ({ line, below }: { readonly line: string; readonly below: string }) =>
  [line.trim(), below].filter(Boolean).join('\n').slice(0, 10_000)
const misunderstood = (why: string): Command => ({ do: 'misunderstood', why })
const plain = (word: string) => word.replaceAll(/[^\w-]/g, '?').slice(0, 40)
