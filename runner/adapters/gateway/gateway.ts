import type { Plan } from '../../domain/plan.ts'
import { providerNames } from '../../domain/provider.ts'
import type { Admission, Gateway } from '../../seams/gateway.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { openEnding } from './ending.ts'
import { type OpenGrant, openGrant } from './grant.ts'
import { type GatewayLimits, gatewayLimits } from './limits.ts'
import { allowedModels } from './models.ts'
import { readHosts } from './proxy/hosts.ts'
import { type Lookup, lookupHost } from './proxy/public-host.ts'
import { openTally } from './tally.ts'
import { makeToken } from './token.ts'

/** `lookup`: names to addresses; the machine's own unless given. */
export type GatewayOptions = {
  readonly upstream: Upstream
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly limits?: Partial<GatewayLimits>
  readonly lookup?: Lookup
}
export type OpenGateway = Omit<Gateway, 'admit'> & { admit(admission: Admission): Promise<OpenGrant> }

/** One HTTP server a run, on a socket that only its sandbox sees. Keys, prices and budgets are `upstream`'s. */
export function openGateway({ upstream, variables, limits: changed = {}, lookup = lookupHost }: GatewayOptions): OpenGateway {
  const limits = { ...gatewayLimits, ...changed }
  const privateHosts = readHosts(variables.PROCTOR_PRIVATE_HOSTS?.split(',') ?? [])
  let plan: Plan | undefined
  return {
    providers: providerNames.filter((name) => upstream.account(name) !== undefined),
    begin(asked, done) {
      plan = asked
      upstream.budgets.begin(asked, done)
      if (asked.prices) upstream.setPrices(asked.prices)
    },
    async admit(admission) {
      const { run, keys, hosts, open } = admission
      const accounts = providerNames.flatMap((name) => {
        const account = upstream.account(name, keys.get(name))
        return account ? [[name, account] as const] : []
      })
      const token = makeToken()
      const ending = openEnding(limits.failures)
      return openGrant(
        {
          run: run.id,
          token,
          open,
          upstream,
          accounts: new Map(accounts),
          mayAsk: allowedModels(run.agent.models),
          limited: { cost: hasCostBudget(run, plan), tokens: run.limits.tokens !== undefined },
          redact: (text) => (admission.redact?.(text) ?? text).replaceAll(token, '***'),
          purse: upstream.budgets.purse(run, 'agent'),
          tally: openTally(limits.keptCalls),
          ending,
          limits,
          held: { bytes: 0 },
        },
        { token, hosts: readHosts(hosts), privateHosts, lookup, limits, isOver: () => ending.ended !== undefined },
      )
    },
  }
}

const hasCostBudget = (run: Admission['run'], plan: Plan | undefined): boolean =>
  [
    run.limits.costUsd,
    plan?.budget.costUsd,
    ...(plan?.batches ?? [])
      .filter(({ eval: name, agent }) => name === run.eval && agent === run.agent.slug)
      .map(({ gate }) => gate.maxCostUsd),
  ].some((limit) => limit !== undefined)
