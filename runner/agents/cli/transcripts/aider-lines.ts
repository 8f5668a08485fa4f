import type { AiderChat } from './aider-chat.ts'

/** Characters of a reply that are kept while it comes. */
const maxReply = 1024 * 1024

/** Tells what Aider says from what its model says, line by line. */
export class AiderLines {
  /** Lines that nobody is known to have said. */
  skipped = 0
  readonly #chat: AiderChat
  /** Of the model, or unknown until a note says. */
  #pending: string[] = []
  #pendingAt = new Date()
  #size = 0
  /** After a request has ended nothing of the model comes until there is a reason for another. */
  #mayReply = true
  #explains = false
  #report: string[] | undefined
  #reportOver = false

  constructor(chat: AiderChat) {
    this.#chat = chat
  }

  /** `own`: Aider said it; false: its model did; undefined: nobody knows yet. */
  line(line: string, at: Date, own?: boolean): void {
    if (this.#report && this.#goesOn(line, at)) return
    if (own !== false && line === 'The LLM did not conform to the edit format.') {
      this.#settle(own === true)
      this.#report = []
      this.#reportOver = false
    } else if (own === true || (own === undefined && this.#chat.knows(line))) this.#note(line, at, own === true)
    else if (own === undefined && this.#explains && line) this.#chat.more(line)
    else {
      this.#explains = false
      if (this.#pending.length === 0) this.#pendingAt = at
      this.#size += line.length + 1
      if (this.#size <= maxReply && (line || this.#pending.length > 0)) this.#pending.push(line)
    }
  }

  end(certain: boolean, at: Date): void {
    if (this.#report) this.#endReport(at)
    this.#settle(certain || this.#mayReply)
  }

  #note(line: string, at: Date, certain: boolean): void {
    const counts = line.startsWith('Tokens: ')
    this.#settle(certain || counts)
    const known = this.#chat.note(line, at)
    if (!known && this.#explains) this.#chat.more(line)
    else {
      if (!known && line) this.skipped += 1
      this.#explains = this.#chat.isProblem(line)
    }
    this.#mayReply = !counts
  }

  /** What was pending is a reply, or lines of Aider's that nobody here knows. */
  #settle(isReply: boolean): void {
    const lines = this.#pending
    this.#pending = []
    this.#size = 0
    if (isReply) this.#chat.reply(lines.join('\n'), this.#pendingAt)
    else this.skipped += lines.filter(Boolean).length
  }

  /** False: the report was over before this line. */
  #goesOn(line: string, at: Date): boolean {
    const rest = this.#reportOver && line && !line.startsWith('# The other ')
    if (rest || /^(Tokens: [\d.]|Only \d+ reflections allowed|Commit [0-9a-f]{7,} )/.test(line)) {
      this.#endReport(at)
      return false
    }
    if (/(white space, comments, indentation, docstrings, etc|that failed to match\.)$/.test(line)) this.#reportOver = true
    else if (line) this.#reportOver = false
    this.#size += line.length + 1
    if (!line.startsWith('https://aider.chat/') && this.#size <= maxReply) this.#report?.push(line)
    return true
  }

  #endReport(at: Date): void {
    this.#chat.mismatch((this.#report ?? []).join('\n'), at)
    this.#report = undefined
    this.#size = 0
  }
}
