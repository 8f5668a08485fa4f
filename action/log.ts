import { randomUUID } from 'node:crypto'
import type { Verdict } from '../runner/domain/grade.ts'
import { oneLine } from '../runner/report/plain.ts'
import { duration } from '../runner/report/wording.ts'
import type { Watch } from '../runner/seams/watch.ts'

export type Log = {
  say(text: string): void
  readonly watch: Watch
  /** Lets the runner read commands while code that we ship says some, such as which values are to be masked. What is said meanwhile waits. */
  aside<T>(work: () => Promise<T>): Promise<T>
}

/**
 * The log of the job. What agents print and how they are called shows up here, and the runner takes lines for commands: so it is told
 * not to, until the end.
 */
export function openLog(write: (text: string) => void): Log & Disposable {
  let token = ''
  let held: string[] | undefined
  const stop = () => {
    token = randomUUID()
    write(`::stop-commands::${token}\n`)
  }
  // The older form of a command is found in the middle of a line too.
  function say(text: string): void {
    const line = `${oneLine(text, 500).replaceAll('##[', '## [')}\n`
    if (held) held.push(line)
    else write(line)
  }
  async function aside<T>(work: () => Promise<T>): Promise<T> {
    write(`::${token}::\n`)
    held = []
    try {
      return await work()
    } finally {
      stop()
      for (const line of held.splice(0)) write(line)
      held = undefined
    }
  }
  stop()
  let total = 0
  let done = 0
  const watch: Watch = (event) => {
    if (event.at === 'planned') {
      total = event.plan.batches.reduce((sum, { runs }) => sum + runs.filter(({ side }) => side === 'head').length, 0)
      const reused = event.done.filter((result) => result.reused).length
      say(`${total} runs planned${reused > 0 ? `; ${reused} results are taken over from earlier ones with the same inputs` : ''}`)
    }
    if (event.at === 'warned') say(event.text)
    if (event.at === 'preparing' && event.log === undefined) say(`preparing ${event.what}`)
    if (event.at === 'done') {
      done += 1
      const { agent, eval: name, sample, side, attempt } = event.run
      const title = [agent.slug, name, sample.id].join(' / ')
      say(
        `${mark[event.grade.verdict]} ${done}. ${title}${side === 'base' ? ' (base)' : ''}${attempt > 1 ? ` attempt ${attempt}` : ''} (${event.reused ? `as on ${event.reused.commit.slice(0, 12)}` : duration(event.durationMs)})${event.grade.verdict === 'pass' ? '' : `: ${event.grade.reason}`}`,
      )
    }
  }
  return { say, watch, aside, [Symbol.dispose]: () => write(`::${token}::\n`) }
}
const mark: Record<Verdict, string> = { pass: 'pass    ', fail: 'fail    ', unscored: 'unscored' }
