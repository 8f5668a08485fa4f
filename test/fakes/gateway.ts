import { randomBytes } from 'node:crypto'
import { type ModelCall, noTokens, type Trouble } from '../../runner/domain/model-call.ts'
import type { Provider } from '../../runner/domain/provider.ts'
import { type Ended, noUsage } from '../../runner/domain/record.ts'
import type { Admission, Gateway, Grant } from '../../runner/seams/gateway.ts'

/** What becomes of one request of an agent: a model answers (100 tokens in, 10 out, 0.00015 dollars), or it goes wrong. */
export type Scene = 'answer' | 'server error' | 'key refused' | 'not recorded'
export type FakeGrant = Grant & {
  readonly admission: Admission
  /** Where it was told to listen. */
  readonly folder: string | undefined
  /** The agent asks a model. */
  play(scene: Scene): void
}

/** A gateway without a server: a test says what the agent asked of models, and how that went. */
export function fakeGateway(providers: readonly Provider[] = ['anthropic', 'openai']) {
  const grants: FakeGrant[] = []
  const begun: Parameters<Gateway['begin']>[] = []
  const gateway: Gateway = {
    providers,
    begin: (...given) => void begun.push(given),
    async admit(admission) {
      const grant = openGrant(admission, [...new Set([...providers, ...admission.keys.keys()])])
      grants.push(grant)
      return grant
    },
  }
  return { ...gateway, grants, begun }
}

const failures = 8
const statuses: Readonly<Record<Scene, number>> = { answer: 200, 'server error': 500, 'key refused': 401, 'not recorded': 400 }
const codes = { 'server error': 'model_upstream_failed', 'key refused': 'model_key_refused', 'not recorded': 'cassette_miss' } as const

function openGrant(admission: Admission, providers: readonly Provider[]): FakeGrant {
  const { costUsd: most = Number.POSITIVE_INFINITY } = admission.run.limits
  const token = `pt-${randomBytes(32).toString('base64url')}`
  const over = new AbortController()
  const calls: ModelCall[] = []
  let ending: Ended | undefined
  let trouble: ReturnType<Grant['trouble']>
  let inRow = 0
  let folder: string | undefined
  let isClosed = false
  const answered = () => calls.filter(({ status }) => status === 200).length
  const end = (how: Ended) => {
    ending ??= how
    over.abort()
  }
  const note = (status: number, more: { readonly trouble?: Trouble; readonly refused?: string }) =>
    calls.push({
      at: new Date().toISOString(),
      provider: providers[0] ?? 'anthropic',
      route: 'messages',
      model: 'claude-haiku-4-5',
      status,
      durationMs: 1,
      tokens: status === 200 ? { ...noTokens, input: 100, output: 10 } : noTokens,
      costUsd: status === 200 ? 0.00015 : 0,
      ...more,
    })

  return {
    token,
    providers,
    admission,
    get folder() {
      return folder
    },
    async listen(at) {
      if (isClosed) throw new Error('closed already')
      folder = at
    },
    over: over.signal,
    get ending() {
      return ending
    },
    play(scene) {
      if (ending || answered() * 0.00015 >= most) {
        end({ as: 'limit', limit: 'cost' })
        return void note(400, { refused: 'The run is over.' })
      }
      note(statuses[scene], scene === 'answer' ? {} : { trouble: scene })
      inRow = scene === 'answer' ? 0 : inRow + 1
      trouble = scene === 'answer' ? undefined : { code: codes[scene], message: `scripted: ${scene}` }
      if (trouble && (scene !== 'server error' || inRow >= failures)) end({ as: 'error', ...trouble })
    },
    usage() {
      const asked = calls.filter(({ refused }) => refused === undefined).length
      const whole = answered()
      return asked === 0
        ? noUsage
        : {
            by: 'metered',
            inputTokens: whole * 100,
            outputTokens: whole * 10,
            costUsd: whole * 0.00015,
            cacheReadTokens: 0,
            cacheWriteTokens: 0,
            calls: asked,
          }
    },
    calls: () => calls,
    trouble: () => trouble,
    async [Symbol.asyncDispose]() {
      isClosed = true
    },
  }
}
