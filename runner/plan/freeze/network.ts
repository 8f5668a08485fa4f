import { readCommand } from '../../agents/cli/command.ts'
import { recognise } from '../../agents/cli/index.ts'
import type { AgentFile } from '../../domain/agent.ts'
import type { Network } from '../../domain/environment.ts'
import { providerOfKey } from '../../domain/provider.ts'

/** What an agent can reach when its file does not say: models, if it is of a kind that cannot do without, else nothing. */
export function networkOf(agent: AgentFile): Network {
  const { network, env } = agent.environment
  if (network !== undefined) return network
  const bindsKey = Object.entries(env).some(
    ([name, value]) => typeof value !== 'string' && (providerOfKey(name) ?? providerOfKey(value.credential)) !== undefined,
  )
  const isCli = agent.kind === 'ShellCommand' && recognise(readCommand(agent.run_command)) !== undefined
  return bindsKey || isCli ? 'gateway' : 'none'
}
