import { ProctorError } from '../../domain/error.ts'
import { isPriced } from './prices.ts'

export type Account = { readonly provider: string; readonly model: string; readonly baseURL: string; readonly apiKey: string }

/** Addresses of providers that answer in OpenAI's format. Any other provider needs its own NAME_BASE_URL. */
const addresses: Readonly<Record<string, string>> = {
  openai: 'https://api.openai.com/v1',
  openrouter: 'https://openrouter.ai/api/v1',
  mistral: 'https://api.mistral.ai/v1',
  groq: 'https://api.groq.com/openai/v1',
  deepseek: 'https://api.deepseek.com/v1',
}

/**
 * `provider/model` -> where to ask and with which key: NAME_BASE_URL and NAME_API_KEY, NAME being the provider in capitals.
 * A provider with an address of its own in NAME_BASE_URL may have no key: a local server rarely wants one.
 */
export function account(name: string, variables: Readonly<Record<string, string | undefined>>): Account {
  const [, provider = '', model = ''] = /^([\w.-]+)\/(.+)$/.exec(name) ?? []
  if (!model)
    throw new ProctorError('agent_model_unresolved', `"${name}" is no model: provider/model is accepted, such as openai/gpt-5-mini`)
  const prefix = provider.toUpperCase().replace(/[^A-Z0-9]/g, '_')
  const own = variables[`${prefix}_BASE_URL`] || undefined
  const baseURL = own ?? addresses[provider]
  const apiKey = variables[`${prefix}_API_KEY`] || (own ? 'none' : undefined)
  if (!baseURL)
    throw new ProctorError(
      'agent_model_unresolved',
      `nobody says where ${provider} answers: ${prefix}_BASE_URL is not set, and the built-in providers are ${Object.keys(addresses).join(', ')}`,
    )
  if (!apiKey) throw new ProctorError('agent_model_unresolved', `${prefix}_API_KEY is not set, and ${name} needs it`)
  return { provider, model, baseURL, apiKey }
}

/** In one line, where a model would be asked. Sends nothing. */
export function describeAccount(name: string, variables: Readonly<Record<string, string | undefined>>): string {
  const { model, baseURL } = account(name, variables)
  return `${model} at ${new URL(baseURL).host}${isPriced(name) ? '' : '; its price is not known here, so it counts as 0'}`
}
