import { posix } from 'node:path'
import { places } from '../../agents/places.ts'
import { didYouMean } from '../../lib/nearest.ts'
import { quoteWords } from '../quote-words.ts'
import { type Instruction, type Remark, readInstructions } from './instructions.ts'
import { type Env, expand, splitWords } from './words.ts'

/** What is run for an instruction: a line for bash, by whom, where, and with what in its environment. `title` as it was written. */
type Step = {
  readonly title: string
  readonly run: string
  readonly as: 'root' | 'user'
  readonly cwd: string
  readonly env: Env
}
/** `env`: what ENV leaves for everything that runs in the image. */
export type Body = {
  readonly steps: readonly Step[]
  readonly env: Env
  readonly problems: readonly Remark[]
  readonly warnings: readonly Remark[]
}

const maxBytes = 32_768
/** What the base image itself sets, for ENV and WORKDIR to build on. images/base/Dockerfile says the same. */
export const baseEnv = {
  HOME: places.home,
  LANG: 'C.UTF-8',
  PATH: '/home/user/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
} as const

/**
 * The body of a Dockerfile, without the FROM that proctor puts before it: RUN, ENV and WORKDIR, in at most 32 KB. `problems` has all that is wrong
 * with it, each at its character; steps and environment are only good when there are none. Pure.
 */
export function readDockerfile(text: string): Body {
  const bytes = Buffer.byteLength(text)
  if (bytes > maxBytes) {
    const message = `${bytes.toLocaleString('en-US')} bytes; accepted: at most ${maxBytes.toLocaleString('en-US')}`
    return { steps: [], env: {}, problems: [{ message, at: 0 }], warnings: [] }
  }
  const read = readInstructions(text)
  const reader = new Reader()
  if (text.includes('\0')) reader.problems.push({ message: 'a NUL character', at: text.indexOf('\0') })
  for (const instruction of read.instructions) reader.take(instruction)
  return {
    steps: reader.steps,
    env: reader.env,
    problems: [...read.problems, ...reader.problems].sort((a, b) => a.at - b.at),
    warnings: [...read.warnings, ...reader.warnings],
  }
}

class Reader {
  readonly steps: Step[] = []
  readonly problems: Remark[] = []
  readonly warnings: Remark[] = []
  env: Env = {}
  #cwd: string = places.home

  take(instruction: Instruction): void {
    const { keyword, at } = instruction
    const name = keyword.toUpperCase()
    if (name === 'RUN') this.#run(instruction)
    else if (name === 'ENV') this.#env(instruction)
    else if (name === 'WORKDIR') this.#workdir(instruction)
    else this.problems.push({ message: `\`${shortened(keyword)}\`${whyNot(name)}; accepted: RUN, ENV and WORKDIR`, at })
  }

  #run({ at, args, place, heredocs }: Instruction): void {
    const flags = leadingFlags(args)
    for (const { text, at: index } of flags) {
      const message = `the flag \`${shortened(text)}\` of RUN, which needs the engine's own builder; accepted: RUN without flags`
      this.problems.push({ message, at: place(index) })
    }
    if (flags.length > 0) return
    const words = execForm(args)
    if (args === '' || words?.length === 0) {
      this.problems.push({ message: '`RUN` without a command', at })
      return
    }
    if (!words && /^\[\s*["']/.test(args))
      this.warnings.push({ message: 'RUN looks like its exec form, but is no JSON list of strings: a shell runs it as it stands', at })
    const title = [`RUN ${args}`, ...heredocs.map(({ raw }) => raw.trimEnd())].join('\n')
    this.steps.push({
      title,
      run: words ? `exec ${quoteWords(words)}` : shellForm(args, heredocs),
      as: 'user',
      cwd: this.#cwd,
      env: this.env,
    })
  }

  #env({ at, args, place }: Instruction): void {
    const pairs = pairsOf(args)
    if (pairs.length === 0) this.problems.push({ message: '`ENV` without a variable; accepted: ENV NAME=value ...', at })
    // As of before the instruction: ENV A=1 B=$A gives B what A was.
    const known = { ...baseEnv, ...this.env }
    const set: Record<string, string> = {}
    for (const { name, value, index, valueIndex } of pairs) {
      if (value === undefined) {
        this.problems.push({
          message: `\`${shortened(name)}\` without a value; accepted: ENV NAME=value ... or ENV NAME value`,
          at: place(index),
        })
        continue
      }
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        const message = `the variable \`${shortened(name)}\`; accepted: letters, digits and underscores, no digit first`
        this.problems.push({ message, at: place(index) })
        continue
      }
      const found = this.#expanded(value, known, (offset) => place(valueIndex + offset))
      if (found !== undefined) set[name] = found
    }
    this.env = { ...this.env, ...set }
  }

  #workdir({ at, args, place }: Instruction): void {
    const path = this.#expanded(args, { ...baseEnv, ...this.env }, place)
    if (path === undefined) return
    if (path.trim() === '') {
      this.problems.push({ message: '`WORKDIR` without a folder', at })
      return
    }
    this.#cwd = posix.resolve(this.#cwd, path)
    this.steps.push({ title: `WORKDIR ${args}`, run: makeFolder(this.#cwd), as: 'root', cwd: '/', env: {} })
  }

  #expanded(word: string, env: Env, place: (index: number) => number): string | undefined {
    const found = expand(word, env)
    if ('refused' in found) {
      this.problems.push({ message: found.refused, at: place(found.at) })
      return undefined
    }
    for (const name of found.unset) this.warnings.push({ message: `\`$${name}\` is not set here, and taken as empty`, at: place(0) })
    return found.value
  }
}

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

const accepted = ['RUN', 'ENV', 'WORKDIR']
const reasons: Readonly<Record<string, string>> = {
  FROM: ': the body begins on the base image',
  COPY: ': there is no build context to copy from',
  ADD: ': there is no build context to add from',
  USER: ': everything runs as `user`, who may use sudo',
  ENTRYPOINT: ': what runs is said by the agent',
  CMD: ': what runs is said by the agent',
  ARG: ': there is nobody to give it a value; ENV sets one',
  SHELL: ': RUN has /bin/sh, and its exec form has any other',
}
function whyNot(name: string): string {
  const others = 'EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD STOPSIGNAL VOLUME'.split(' ')
  if (Object.hasOwn(reasons, name)) return reasons[name] ?? ''
  if (others.includes(name)) return ': it means nothing to an image that only proctor uses'
  const close = didYouMean(name, accepted)
  return close.startsWith('; did') ? close : ''
}

function leadingFlags(args: string) {
  const words = splitWords(args)
  const end = words.findIndex(({ text }) => !/^--[a-z]/i.test(text))
  return words.slice(0, end < 0 ? undefined : end)
}

/** `["command", "argument"]`; anything else is for the shell. */
function execForm(args: string): readonly string[] | undefined {
  if (!args.startsWith('[')) return undefined
  try {
    const words: unknown = JSON.parse(args)
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined
  } catch {
    return undefined
  }
}

/** A heredoc alone is a script, for the program that its first line names; beside other words it is theirs to read. */
function shellForm(args: string, heredocs: Instruction['heredocs']): string {
  const [only] = heredocs
  const isScript = heredocs.length === 1 && splitWords(args).length === 1 && args.startsWith('<<')
  if (!only || !isScript)
    return `exec ${quoteWords(['/bin/sh', '-c', heredocs.length === 0 ? args : `${args}\n${heredocs.map(({ raw }) => raw).join('')}`])}`
  const script = only.tabs ? only.content.replace(/^\t+/gm, '') : only.content
  if (!script.startsWith('#!')) return `exec ${quoteWords(['/bin/sh', '-c', script])}`
  return [
    'script=$(mktemp)',
    `printf %s ${quoteWords([script])} > "$script"`,
    'chmod 700 "$script"',
    '"$script"; status=$?',
    'rm -f "$script"; exit $status',
  ].join('\n')
}

type Pair = { readonly name: string; readonly value: string | undefined; readonly index: number; readonly valueIndex: number }

/** `A=b C="d e"`, or one name and the rest of the line. */
function pairsOf(args: string): readonly Pair[] {
  const words = splitWords(args)
  const [first] = words
  if (!first) return []
  if (!first.text.includes('=')) {
    const [gap = ''] = /^\s+/.exec(args.slice(first.text.length)) ?? []
    const valueIndex = first.text.length + gap.length
    const value = args.slice(valueIndex)
    return [{ name: first.text, value: value === '' ? undefined : value, index: 0, valueIndex }]
  }
  return words.map(({ text, at }) => {
    const equals = text.indexOf('=')
    if (equals < 0) return { name: text, value: undefined, index: at, valueIndex: at }
    return { name: text.slice(0, equals), value: text.slice(equals + 1), index: at, valueIndex: at + equals + 1 }
  })
}

/** With every folder on the way; those that are new belong to `user`. */
const makeFolder = (path: string) => `folder=${quoteWords([path])}
[ ! -d "$folder" ] || exit 0
new=$folder
while [ ! -e "$(dirname "$new")" ]; do new=$(dirname "$new"); done
mkdir -p "$folder" && chown -R user:user "$new"`
