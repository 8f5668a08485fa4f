import { type ModelCall, noTokens, type Tokens } from '../../domain/model-call.ts'
import { noUsage, type Usage } from '../../domain/record.ts'

/** What one run asked of models and what that used. */
export type Tally = {
  begin(call: Pick<ModelCall, 'provider' | 'route'>): CallUnderWay
  calls(): readonly ModelCall[]
  /** Calls under way count with what is reserved for them. */
  usage(): Usage
}
export type CallUnderWay = {
  /** From now on it counts with this. */
  reserved(tokens: Tokens, costUsd: number): void
  /** The agent gets its first byte. */
  firstByte(): void
  /** Only the first call counts. `asked`: a provider was asked for an answer of a model. */
  end(outcome: Outcome): void
}
type Outcome = Pick<ModelCall, 'status' | 'model' | 'estimated' | 'trouble' | 'refused'> &
  Partial<Pick<ModelCall, 'tokens' | 'costUsd'>> & { readonly asked: boolean }

type Amount = { readonly tokens: Tokens; readonly costUsd: number }

/** Keeps the first `mostKept` calls and the sums of all. */
export function openTally(mostKept: number): Tally {
  const kept: ModelCall[] = []
  const underWay = new Set<Amount>()
  let settled: Amount & { readonly calls: number } = { tokens: noTokens, costUsd: 0, calls: 0 }
  return {
    begin({ provider, route }) {
      const at = new Date().toISOString()
      const began = performance.now()
      const since = () => Math.round((performance.now() - began) * 10) / 10
      let mine: Amount | undefined
      let firstByteMs: number | undefined
      let isOver = false
      return {
        reserved(tokens, costUsd) {
          mine = { tokens, costUsd }
          underWay.add(mine)
        },
        firstByte() {
          firstByteMs ??= since()
        },
        end({ asked, tokens = noTokens, costUsd = 0, ...rest }) {
          if (isOver) return
          isOver = true
          if (mine) underWay.delete(mine)
          settled = { ...sum(settled, { tokens, costUsd }), calls: settled.calls + (asked ? 1 : 0) }
          const first = firstByteMs === undefined ? {} : { firstByteMs }
          if (kept.length < mostKept) kept.push({ at, provider, route, durationMs: since(), ...first, tokens, costUsd, ...rest })
        },
      }
    },
    calls: () => kept,
    usage() {
      const calls = settled.calls + underWay.size
      if (calls === 0) return noUsage
      const { tokens, costUsd } = [...underWay].reduce(sum, settled)
      return {
        by: 'metered',
        inputTokens: tokens.input + tokens.cacheRead + tokens.cacheWrite,
        outputTokens: tokens.output,
        costUsd,
        cacheReadTokens: tokens.cacheRead,
        cacheWriteTokens: tokens.cacheWrite,
        calls,
      }
    },
  }
}

const sum = (a: Amount, b: Amount): Amount => ({
  tokens: {
    input: a.tokens.input + b.tokens.input,
    cacheRead: a.tokens.cacheRead + b.tokens.cacheRead,
    cacheWrite: a.tokens.cacheWrite + b.tokens.cacheWrite,
    output: a.tokens.output + b.tokens.output,
  },
  costUsd: a.costUsd + b.costUsd,
})
