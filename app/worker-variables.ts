import { isKey } from '../runner/lib/keyless.ts'
import type { Variables } from './settings.ts'

/** What a worker needs of its environment: the way to its engine, to registries and to models. Everything else stays with who started it. */
const handedOn = new Set([
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'DOCKER_HOST',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'PIP_INDEX_URL',
  'PIP_CERT',
  'npm_config_registry',
  'NPM_CONFIG_REGISTRY',
  'ANTHROPIC_BASE_URL',
  'OPENAI_BASE_URL',
  'GOOGLE_GEMINI_BASE_URL',
  'PROCTOR_JUDGE_MODEL',
  'PROCTOR_EXTRA_CA_CERTS',
  'LOG_LEVEL',
])

/** Keys of model providers go along, for the gateway: agents never see them. No key of the App, of its webhook or of its store does. */
export function workerVariables(
  variables: Variables,
  { data, home }: { readonly data: string; readonly home: string | undefined },
): Record<string, string> {
  const kept = Object.entries(variables).flatMap(([name, value]) =>
    value !== undefined && (handedOn.has(name) || (isKey(name) && !name.startsWith('PROCTOR_CREDENTIAL'))) ? [[name, value] as const] : [],
  )
  return { ...Object.fromEntries(kept), HOME: home ?? variables.HOME ?? '/', PROCTOR_DATA: data, PROCTOR_CACHE: `${data}/worker/cache` }
}
