import type { Plan, Run } from '../../domain/plan.ts'
import type { Result } from '../../domain/result.ts'

/** What may be spent by a run, by its batch and by the whole plan; each request has to fit into all three. */
export type Budgets = {
  /** Once, before the first purse is asked for. What earlier starts spent on runs and judgements counts; `done` is read now. */
  begin(plan: Plan, done: readonly Result[]): void
  /** The purse of a run; the same run always gets the same. `as: judge`: no limit of the run itself, which is the agent's. */
  purse(run: Spender, as: 'agent' | 'judge'): Purse
}
/** A run that the plan knows needs no more than its id, of whatever attempt. */
type Spender = Pick<Run, 'id'> & Partial<Pick<Run, 'eval' | 'limits'>> & { readonly agent?: Pick<Run['agent'], 'slug'> }
export type Amount = { readonly tokens: number; readonly costUsd: number }
export type Purse = {
  /**
   * Sets aside the most that a request can cost. While others under way hold what is needed, it waits for them in order; the only one
   * under way is let through as long as anything is left. So the sum never exceeds the budget by more than what was set aside.
   * Throws `Spent`, or the signal's reason.
   */
  reserve(worst: Amount, signal: AbortSignal): Promise<Reservation>
  /** Settled and set aside. */
  readonly used: Amount
}
export type Reservation = {
  /** Pays what it really was; without an amount, all that was set aside. Only the first call counts. */
  settle(actual?: Amount): void
}
export class Spent extends Error {
  readonly limit: 'cost' | 'tokens'
  constructor(limit: 'cost' | 'tokens', message: string) {
    super(message)
    this.limit = limit
  }
}

/** Until `begin`, nothing but a run's own limits holds. */
export function openBudgets(): Budgets {
  const queue = new Set<Waiting>()
  let plan = new Level('the plan', {})
  let batches = new Map<string, Level>()
  let batchOf = new Map<string, Level>()
  let purses = new Map<string, Purse>()

  function begin(asked: Plan, done: readonly Result[]) {
    plan = new Level('the plan', asked.budget)
    batches = new Map()
    batchOf = new Map()
    purses = new Map()
    for (const { eval: name, agent, gate, runs } of asked.batches) {
      const batch = new Level(`the batch ${agent} / ${name}`, { costUsd: gate.maxCostUsd })
      batches.set(batchKey(name, agent), batch)
      for (const { id } of runs) batchOf.set(firstAttempt(id), batch)
    }
    for (const { run, record, grade } of done) {
      const spent = { tokens: 0, costUsd: record.usage.costUsd + grade.usage.costUsd }
      for (const level of [plan, levelOf(run)]) level?.add(spent)
    }
  }

  const levelOf = ({ id, eval: name, agent }: Spender) =>
    batchOf.get(firstAttempt(id)) ?? (name !== undefined && agent ? batches.get(batchKey(name, agent.slug)) : undefined)

  function purse(run: Spender, as: 'agent' | 'judge'): Purse {
    const known = purses.get(`${as} ${run.id}`)
    if (known) return known
    const own = new Level('the run', as === 'agent' ? (run.limits ?? {}) : {})
    const batch = levelOf(run)
    const made = openPurse(batch ? [own, batch, plan] : [own, plan], queue)
    purses.set(`${as} ${run.id}`, made)
    return made
  }

  return { begin, purse }
}

/** A run that is tried again spends from the same batch. */
const firstAttempt = (id: string) => id.split('~')[0] ?? id
const batchKey = (name: string, agent: string) => `${agent}\n${name}`

type Waiting = { readonly levels: readonly Level[]; readonly worst: Amount; admit(): void; refuse(spent: Spent): void }

/** `levels`: the run's own first, then those that it shares. */
function openPurse(levels: readonly [Level, ...Level[]], queue: Set<Waiting>): Purse {
  function take(worst: Amount): Reservation {
    for (const level of levels) level.hold(worst)
    let isOpen = true
    return {
      settle(actual = worst) {
        if (!isOpen) return
        isOpen = false
        for (const level of levels) level.pay(worst, actual)
        admitWaiting(queue)
      },
    }
  }

  return {
    reserve: (worst, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const leave = () => {
          queue.delete(waiting)
          signal.removeEventListener('abort', stop)
        }
        const stop = () => {
          leave()
          reject(signal.reason)
          admitWaiting(queue) // whoever stood behind it may fit
        }
        const waiting: Waiting = {
          levels,
          worst,
          admit() {
            leave()
            resolve(take(worst))
          },
          refuse(spent) {
            leave()
            reject(spent)
          },
        }
        signal.addEventListener('abort', stop, { once: true })
        queue.add(waiting)
        admitWaiting(queue)
      }),
    get used() {
      return levels[0].used
    },
  }
}

/**
 * In order. Who does not fit into a level keeps those behind it out of that level, so that small requests do not overtake a large one for
 * ever, but not out of wider ones: a run that waits for itself holds up nobody else.
 */
function admitWaiting(queue: Set<Waiting>): void {
  const awaited = new Set<Level>()
  for (const waiting of queue) {
    const spent = waiting.levels.map((level) => level.spent()).find((reason) => reason !== undefined)
    const tight = waiting.levels.filter((level) => awaited.has(level) || !level.fits(waiting.worst))
    if (spent) waiting.refuse(spent)
    else if (tight.length === 0) waiting.admit()
    for (const level of spent ? [] : tight) awaited.add(level)
  }
}

/** One budget: what was paid, and what requests under way have set aside. */
class Level {
  readonly #name: string
  readonly #limits: { readonly tokens?: number | undefined; readonly costUsd?: number | undefined }
  #paid: Amount = { tokens: 0, costUsd: 0 }
  #held: Amount = { tokens: 0, costUsd: 0 }
  #underWay = 0

  constructor(name: string, limits: { readonly tokens?: number | undefined; readonly costUsd?: number | undefined }) {
    this.#name = name
    this.#limits = limits
  }

  get used(): Amount {
    return sum(this.#paid, this.#held)
  }

  fits(worst: Amount): boolean {
    const { tokens = Infinity, costUsd = Infinity } = this.#limits
    const then = sum(this.used, worst)
    return this.#underWay === 0 || (then.tokens <= tokens && then.costUsd <= costUsd)
  }

  spent(): Spent | undefined {
    const { tokens = Infinity, costUsd = Infinity } = this.#limits
    if (this.#paid.costUsd >= costUsd) return new Spent('cost', `The budget of ${this.#name}, ${costUsd} US dollars, is spent.`)
    if (this.#paid.tokens >= tokens) return new Spent('tokens', `The budget of ${this.#name}, ${tokens} tokens, is spent.`)
    return undefined
  }

  hold(worst: Amount): void {
    this.#held = sum(this.#held, worst)
    this.#underWay++
  }

  pay(worst: Amount, actual: Amount): void {
    this.#underWay--
    this.#held = this.#underWay === 0 ? { tokens: 0, costUsd: 0 } : sum(this.#held, worst, -1) // no rest of rounding stays
    this.add(actual)
  }

  add(actual: Amount): void {
    this.#paid = sum(this.#paid, actual)
  }
}

const sum = (a: Amount, b: Amount, sign: 1 | -1 = 1): Amount => ({
  tokens: a.tokens + sign * b.tokens,
  costUsd: a.costUsd + sign * b.costUsd,
})
