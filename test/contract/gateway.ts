import { expect, test } from 'vitest'
import type { Plan } from '../../runner/domain/plan.ts'
import { noUsage } from '../../runner/domain/record.ts'
import type { Admission, Gateway, Grant } from '../../runner/seams/gateway.ts'
import type { Scene } from '../fakes/gateway.ts'
import { fakePlan } from '../fakes/plans.ts'

export type GatewayUnderTest = AsyncDisposable & {
  /** Has keys for Anthropic and OpenAI. */
  readonly gateway: Gateway
  /** Where a grant may listen; another one each time. */
  folder(): Promise<string>
  /** An agent of this grant asks a model, and that is what happens. */
  play(grant: Grant, scene: Scene): Promise<void>
}

let last = 0
const admission = ({ costUsd, ...more }: Partial<Admission> & { costUsd?: number } = {}): Admission => ({
  run: {
    id: `run-${++last}`,
    eval: 'eval',
    limits: { wallMs: 60_000, turns: 1, ...(costUsd ? { costUsd } : {}) },
    agent: { slug: 'agent' },
  },
  keys: new Map(),
  hosts: [],
  open: false,
  ...more,
})

/** What every gateway promises to a run. */
export function gatewayContract(open: () => Promise<GatewayUnderTest>): void {
  /** A run that was admitted and whose sandbox is there. */
  async function begin(under: GatewayUnderTest, change?: Parameters<typeof admission>[0]): Promise<Grant> {
    const grant = await under.gateway.admit(admission(change))
    await grant.listen(await under.folder())
    return grant
  }

  test('each run gets a token of its own', async () => {
    await using under = await open()
    await using first = await begin(under)
    await using second = await begin(under)
    expect(first.token).toMatch(/^pt-[\w-]{40,}$/)
    expect(second.token).not.toBe(first.token)
  })

  test('providers are those that somebody gives a key for: the host, or the run`s own credentials', async () => {
    await using under = await open()
    expect(under.gateway.providers).toEqual(['anthropic', 'openai'])
    await using plain = await begin(under)
    await using own = await begin(under, { keys: new Map([['gemini', 'AIza-own-key-of-the-run']]) })
    expect(plain.providers).toEqual(['anthropic', 'openai'])
    expect(own.providers).toEqual(['anthropic', 'openai', 'gemini'])
  })

  test('nothing asked is nothing used, and no end', async () => {
    await using under = await open()
    await using grant = await begin(under)
    expect([grant.usage(), grant.calls(), grant.trouble(), grant.ending, grant.over.aborted]).toEqual([
      noUsage,
      [],
      undefined,
      undefined,
      false,
    ])
  })

  test('what models answered is metered, for this run alone, and known after its end', async () => {
    await using under = await open()
    const grant = await begin(under)
    await using other = await begin(under)
    await under.play(grant, 'answer')
    await under.play(grant, 'answer')
    const used = { by: 'metered', inputTokens: 200, outputTokens: 20, calls: 2, cacheReadTokens: 0, cacheWriteTokens: 0 }
    expect(grant.usage()).toEqual({ ...used, costUsd: expect.closeTo(0.0003, 9) })
    await grant[Symbol.asyncDispose]()
    await grant[Symbol.asyncDispose]()
    expect(grant.usage()).toMatchObject(used)
    expect(grant.calls()).toMatchObject([
      { status: 200, tokens: { input: 100, output: 10 } },
      { status: 200, tokens: { input: 100, output: 10 } },
    ])
    expect(other.usage()).toEqual(noUsage)
  })

  test('trouble is that of the last call: it costs nothing and goes away with the next answer', async () => {
    await using under = await open()
    await using grant = await begin(under)
    await under.play(grant, 'server error')
    expect(grant.trouble()).toMatchObject({ code: 'model_upstream_failed', message: expect.any(String) })
    expect(grant.calls()).toMatchObject([{ status: 500, trouble: 'server error', costUsd: 0 }])
    expect(grant.usage()).toMatchObject({ by: 'metered', calls: 1, inputTokens: 0 })
    await under.play(grant, 'answer')
    expect(grant.trouble()).toBeUndefined()
    expect(grant.over.aborted).toBe(false)
  })

  test.each([
    ['key refused', 'model_key_refused'],
    ['not recorded', 'cassette_miss'],
  ] as const)('%s ends the run at once', async (scene, code) => {
    await using under = await open()
    await using grant = await begin(under)
    const fired = new Promise((resolve) => grant.over.addEventListener('abort', resolve, { once: true }))
    await under.play(grant, scene)
    await fired
    expect(grant.ending).toMatchObject({ as: 'error', code, message: expect.any(String) })
    expect(grant.trouble()).toMatchObject({ code })
  })

  test('many failures in a row end the run, and then nothing is answered', async () => {
    await using under = await open()
    await using grant = await begin(under)
    for (let count = 0; count < 8; count++) await under.play(grant, 'server error')
    expect(grant.ending).toMatchObject({ as: 'error', code: 'model_upstream_failed' })
    await under.play(grant, 'answer')
    expect(grant.calls().at(-1)).toMatchObject({ status: 400, refused: expect.any(String) })
    expect(grant.usage()).toMatchObject({ calls: 8, inputTokens: 0 })
  })

  test('a spent budget ends the run, and stays the reason', async () => {
    await using under = await open()
    await using grant = await begin(under, { costUsd: 0.0001 })
    await under.play(grant, 'answer')
    expect(grant.over.aborted).toBe(false)
    await under.play(grant, 'answer')
    expect(grant.ending).toEqual({ as: 'limit', limit: 'cost' })
    await under.play(grant, 'key refused')
    expect(grant.ending).toEqual({ as: 'limit', limit: 'cost' })
    expect(grant.usage()).toMatchObject({ calls: 1 })
  })

  test('a plan is begun before its runs are admitted', async () => {
    await using under = await open()
    const plan: Plan = { ...fakePlan(), budget: { costUsd: 1 } }
    under.gateway.begin(plan, [])
    await using grant = await begin(under)
    await under.play(grant, 'answer')
    expect(grant.usage()).toMatchObject({ calls: 1 })
  })

  test('a run that is over cannot listen any more; one that never did can end', async () => {
    await using under = await open()
    const grant = await under.gateway.admit(admission())
    await grant[Symbol.asyncDispose]()
    await expect(grant.listen(await under.folder())).rejects.toThrow()
  })
}
