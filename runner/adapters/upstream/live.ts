import { createSecureContext, getCACertificates } from 'node:tls'
import { type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { Trouble } from '../../domain/model-call.ts'
import { firstOf } from './accounts.ts'
import { fromProvider, toProvider } from './headers.ts'
import { type KeyMask, openKeyMask } from './key-mask.ts'
import type { Patience } from './patience.ts'
import { type Answer, type Send, type UpstreamCall, UpstreamFailed } from './send.ts'

type Variables = Readonly<Record<string, string | undefined>>
const connectMs = 10_000
/** Coding CLIs run commands between two requests; a new connection costs them a round trip or three. */
const keepAliveMs = 30_000

/**
 * Asks providers over the network: one pool of connections an origin, through HTTPS_PROXY, HTTP_PROXY and NO_PROXY as set, with the
 * certificates of Node, NODE_EXTRA_CA_CERTS and the machine.
 */
export function openLive(variables: Variables, patience: Patience): Send {
  const plain = once(() => dispatcher(variables, {}))
  const secure = once(() => dispatcher(variables, { secureContext: createSecureContext({ ca: certificates() }) }))

  return async (call, signal) => {
    const { address, key } = call.account
    const { origin, protocol, pathname } = new URL(address)
    const mask = openKeyMask(key)
    const answered = await (protocol === 'https:' ? secure() : plain())
      .request({
        origin,
        path: `${pathname === '/' ? '' : pathname}${call.path}`,
        method: call.method as Dispatcher.HttpMethod, // the routes know no others
        headers: toProvider(call.headers, call.account),
        body: call.body.length === 0 ? null : call.body,
        headersTimeout: call.stream ? patience.stream : patience.whole,
        bodyTimeout: patience.idle,
        signal,
      })
      .catch((thrown: unknown) => Promise.reject(signal.aborted ? signal.reason : failure(call, thrown)))
    return {
      status: answered.statusCode,
      headers: fromProvider(answered.headers, mask.mayShow),
      body: masked(answered.body, mask, (thrown) => (signal.aborted ? signal.reason : failure(call, thrown))),
    }
  }
}

async function* masked(
  body: Answer['body'],
  mask: KeyMask,
  failed: (thrown: unknown) => unknown,
): Answer['body'] & AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      const shown = mask.push(chunk)
      if (shown.length > 0) yield shown
    }
  } catch (thrown) {
    throw failed(thrown)
  }
  const rest = mask.end()
  if (rest.length > 0) yield rest
}

/** What it says names the provider and the fault, never a header. */
function failure({ account: { provider, address } }: UpstreamCall, thrown: unknown): UpstreamFailed {
  const { code, name = '', message = String(thrown) } = thrown as { code?: string; name?: string; message?: string }
  const trouble = troubles.find(([, codes]) => codes.test(code ?? name))?.[0] ?? 'not reachable'
  return new UpstreamFailed(trouble, `${provider} at ${new URL(address).host}: ${trouble} (${message})`, thrown)
}

/** Of undici and of sockets. Whatever else happens does so before a connection is there: names, certificates, proxies. */
const troubles: readonly (readonly [Trouble, RegExp])[] = [
  ['no answer in time', /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/],
  ['connection lost', /^(UND_ERR_(SOCKET|RES_\w+|CLOSED|DESTROYED|HEADERS_OVERFLOW)|ECONNRESET|EPIPE|HPE_\w+|HTTPParserError)$/],
]

function dispatcher(variables: Variables, tls: { readonly secureContext?: ReturnType<typeof createSecureContext> }): Dispatcher {
  const named = (name: string) => firstOf(variables, [name.toLowerCase(), name])?.value ?? ''
  const connect = { timeout: connectMs, ...tls }
  return new EnvHttpProxyAgent({
    httpProxy: named('HTTP_PROXY'),
    httpsProxy: named('HTTPS_PROXY'),
    // As curl and Go do it: what is on this machine needs no way out of it.
    noProxy: [named('NO_PROXY'), 'localhost', '127.0.0.1', '[::1]'].filter((name) => name !== '').join(','),
    allowH2: false,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs * 4,
    connect,
    requestTls: connect,
    proxyTls: connect,
  })
}

const certificates = () => [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
