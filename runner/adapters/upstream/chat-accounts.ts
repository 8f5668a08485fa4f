import { ProctorError } from '../../domain/error.ts'
import { type Account, accountOf, firstOf, noKey, readAddress } from './accounts.ts'
import { builtIn, priceIn } from './prices.ts'

type Variables = Readonly<Record<string, string | undefined>>
export type ChatAccount = { readonly model: string; readonly account: Account }

/** Addresses of providers that answer in OpenAI's chat format. Any other provider needs its own NAME_BASE_URL. */
const addresses: Readonly<Record<string, string>> = {
  openai: 'https://api.openai.com/v1',
  openrouter: 'https://openrouter.ai/api/v1',
  mistral: 'https://api.mistral.ai/v1',
  groq: 'https://api.groq.com/openai/v1',
  deepseek: 'https://api.deepseek.com/v1',
}
/** These speak it below another path than their own format. */
const compatible = { anthropic: '/v1', gemini: '/v1beta/openai' } as const

/**
 * `provider/model` -> where a chat with it is held: NAME_BASE_URL and NAME_API_KEY, NAME being the provider in capitals. A provider with
 * an address of its own in NAME_BASE_URL may have no key. When answers are replayed, nothing has to be set. Throws `agent_model_unresolved`.
 */
export function chatAccount(name: string, variables: Variables, replaying: boolean): ChatAccount {
  const [, provider = '', model = ''] = /^([\w.-]+)\/(.+)$/.exec(name) ?? []
  if (!model)
    throw new ProctorError('agent_model_unresolved', `"${name}" is no model: provider/model is accepted, such as openai/gpt-5-mini`)
  if (replaying) return { model, account: { provider, address: 'http://replayed.invalid', key: '', auth: 'bearer' } }
  const known = provider === 'anthropic' || provider === 'gemini' ? ownChat(provider, variables) : undefined
  return { model, account: known ?? namedAccount(provider, name, variables) }
}

/** With the address that the provider's own clients read, with or without the version at its end. */
function ownChat(provider: keyof typeof compatible, variables: Variables): Account | undefined {
  if (provider === 'gemini' && firstOf(variables, ['GEMINI_BASE_URL'])) return undefined
  const account = accountOf(provider, variables, { replaying: false })
  if (!account) return undefined
  const path = compatible[provider]
  return { ...account, auth: 'bearer', address: account.address.endsWith(path) ? account.address : `${account.address}${path}` }
}

function namedAccount(provider: string, name: string, variables: Variables): Account {
  const prefix = provider.toUpperCase().replace(/[^A-Z0-9]/g, '_')
  const own = firstOf(variables, [`${prefix}_BASE_URL`])
  const address = own ? readAddress(own.value, own.name) : addresses[provider]
  const key = firstOf(variables, [`${prefix}_API_KEY`])?.value ?? (own ? noKey : undefined)
  if (!address && !(provider in compatible))
    throw new ProctorError(
      'agent_model_unresolved',
      `nobody says where ${provider} answers: ${prefix}_BASE_URL is not set, and the built-in providers are ${[...Object.keys(addresses), ...Object.keys(compatible)].join(', ')}`,
    )
  if (!address || !key) throw new ProctorError('agent_model_unresolved', `${prefix}_API_KEY is not set, and ${name} needs it`)
  return { provider, address, key, auth: 'bearer' }
}

/** In one line, where a model would be asked. Sends nothing. Throws `agent_model_unresolved`. */
export function describeAccount(name: string, variables: Variables, replaying = false): string {
  const { model, account } = chatAccount(name, variables, replaying)
  const where = replaying ? 'from recorded answers' : `at ${new URL(account.address).host}`
  return `${model} ${where}${priceIn(builtIn, name) ? '' : '; its price is not known here, so it counts as 0'}`
}
