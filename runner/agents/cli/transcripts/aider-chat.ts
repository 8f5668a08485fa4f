import type { StepBody } from '../../../domain/step.ts'
import { type Block, blocksOf } from './aider-blocks.ts'
import { editOf } from './steps/steps-of.ts'
import { replaced, shownPath } from './steps/unified-diff.ts'
import { amount, short } from './stream/fields.ts'

type Add = (steps: readonly StepBody[], at: Date) => void
type Tokens = {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly costUsd: number
}

/** What one line of Aider's own says, wherever it was printed; replies of the model come whole. */
export class AiderChat {
  said = ''
  /** Why it stopped, when something did; a reply after it means that it went on. */
  problem: string | undefined
  replies = 0
  banners = 0
  usage: Tokens | undefined
  readonly #add: Add
  #blocks: readonly Block[] = []

  constructor(add: Add) {
    this.#add = add
  }

  /** All that the model said at once: words, and blocks that replace a text with another. */
  reply(text: string, at: Date): void {
    if (!text.trim()) return
    const { words, blocks } = blocksOf(text)
    this.#blocks = blocks
    this.replies += 1
    this.problem = undefined
    this.said = short(words || text.trim())
    if (words) this.#add([{ kind: 'assistant', detail: { text: words } }], at)
  }

  /** Edits of the last reply did not fit: what Aider told the model about it. Those that it does not name were made. */
  mismatch(report: string, at: Date): void {
    const { blocks: failed } = blocksOf(report)
    if (/^# The other \d+ SEARCH\/REPLACE blocks? (was|were) applied successfully/m.test(report)) {
      const failures = new Set(failed.map(marksOf))
      this.#edits(
        this.#blocks.filter((block) => !failures.has(marksOf(block))),
        at,
      )
    }
    const path = failed[0]?.path || /to exactly match lines in\s+(\S+)/.exec(report)?.[1]
    const given = path === undefined ? {} : { path: shownPath(path) }
    this.#add([{ kind: 'tool', detail: { name: 'edit', arguments: given, result: { error: report.trim() } } }], at)
    this.#blocks = []
  }

  /** Whether Aider says such lines. */
  knows(line: string): boolean {
    return notes.test(line) || problems.test(line)
  }

  isProblem(line: string): boolean {
    return problems.test(line)
  }

  /** A line that Aider said itself. False for one of no known kind. */
  note(line: string, at: Date): boolean {
    const [, what, of = ''] = /^(Added|Applied edit to|Running) (.+)$/.exec(line) ?? []
    if (what === 'Applied edit to') this.#applied(of, at)
    else if (what === 'Running') this.#add([{ kind: 'shell', detail: { command: of, exit_code: null } }], at)
    else if (what === 'Added' && !/^\d+ lines? of output/.test(of))
      this.#add([{ kind: 'read', detail: { path: shownPath(of.replace(/ to the chat\.?$/, '')) } }], at)
    else if (line.startsWith('Tokens: ')) this.#count(line)
    else if (/^Aider v\d/.test(line)) this.banners += 1
    else if (problems.test(line)) this.problem = short(line)
    else return notes.test(line)
    return true
  }

  /** What follows a problem on lines of their own. */
  more(line: string): void {
    if (this.problem !== undefined && this.problem.length < 2000) this.problem += ` ${line.trim().slice(0, 500)}`
  }

  #applied(path: string, at: Date): void {
    const own = this.#blocks.filter((block) => block.path === path)
    this.#blocks = this.#blocks.filter((block) => block.path !== path)
    if (own.length > 0) this.#edits(own, at)
    else this.#add([editOf(path)], at)
  }

  /** One step a file. */
  #edits(blocks: readonly Block[], at: Date): void {
    for (const [path, own] of Map.groupBy(blocks, (block) => block.path)) {
      const diffs = own.map(({ search, replace }) => replaced(path, search, replace)).filter(Boolean)
      const [head = '', ...rest] = diffs
      this.#add([editOf(path, head + rest.map((diff) => diff.slice(diff.indexOf('@@'))).join(''))], at)
    }
  }

  /** `Tokens: 1.2k sent, 300 cache write, 1k cache hit, 40 received. Cost: $0.00038 message, $0.00076 session.` */
  #count(line: string): void {
    const tokens = (kind: string) => {
      const [, digits = '', unit = ''] = new RegExp(`([\\d.,]+)(k|M)? ${kind}\\b`).exec(line) ?? []
      return amount(Number(digits.replaceAll(',', '')) * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1))
    }
    const [cacheWrite, cacheRead] = [tokens('cache write'), tokens('cache hit')]
    const [, cost = ''] = /Cost: \$([\d.]+) message/.exec(line) ?? []
    const before = this.usage ?? { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, costUsd: 0 }
    this.usage = {
      input: before.input + Math.max(0, tokens('sent') - cacheRead - cacheWrite),
      cacheRead: before.cacheRead + cacheRead,
      cacheWrite: before.cacheWrite + cacheWrite,
      output: before.output + tokens('received'),
      costUsd: before.costUsd + amount(Number(cost)),
    }
  }
}

/** A block whatever a terminal has made of its lines. */
const marksOf = ({ search, replace }: Block): string => `${search}\0${replace}`.replaceAll(/\s+/g, '')

const problems =
  /^(litellm\.\w+|Only \d+ reflections allowed, stopping\.$|Model .+ has hit a token limit!$|Traceback \(most recent call last\))/
const notes =
  /^(Added .+ to the chat\.?$|Applied edit to |Running .|Tokens: [\d.]|Aider v\d|(Main |Weak |Editor )?[Mm]odel: |Git repo: |Repo-map: |Commit [0-9a-f]{7,} |Retrying in [\d.]+ seconds|Analytics have been |Update git (name|email) with: |Restored previous conversation|You can use \/undo|https:\/\/aider\.chat\/|HTTPSConnectionPool\()/
