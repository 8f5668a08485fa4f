import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Refused } from '../fetch/guard.ts'
import type { Target } from './reach.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The proxy that this machine's environment names for a host, as curl reads it: HTTPS_PROXY, but for what NO_PROXY lists. */
export function companyProxy({ host, port }: Target, variables: Variables): URL | undefined {
  const named = variables.https_proxy ?? variables.HTTPS_PROXY
  if (!named) return undefined
  const spared = (variables.no_proxy ?? variables.NO_PROXY ?? '').split(/[\s,]+/).flatMap((entry) => entry.toLowerCase() || [])
  if (spared.some((entry) => entry === '*' || fits(entry, { host, port }))) return undefined
  const url = named.includes('://') ? named : `http://${named}`
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new Refused('HTTPS_PROXY names no http or https proxy')
  return new URL(url)
}

function fits(entry: string, { host, port }: Target): boolean {
  const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? []
  const wanted = name.replace(/^\*?\./, '').replace(/^\[|\]$/g, '')
  return (only === undefined || Number(only) === port) && (host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`)))
}

/**
 * A tunnel through that proxy. It is given the name, as every client does: such proxies decide by name, and know hosts that this machine
 * does not. Throws `Refused`.
 */
export async function tunnel(proxy: URL, { host, port }: Target, signal: AbortSignal): Promise<Socket> {
  const where = { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)) }
  const socket = proxy.protocol === 'https:' ? connectTls({ ...where, servername: isIP(where.host) ? '' : where.host }) : connectTcp(where)
  const end = () => socket.destroy()
  signal.addEventListener('abort', end, { once: true })
  try {
    const authority = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
    const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
    const authorization = proxy.username === '' ? '' : `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n`
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`)
    const { status, rest } = await answer(socket)
    if (status !== 200) throw new Refused(`the proxy ${where.host} answered ${status} for ${host}`)
    if (rest.length > 0) socket.unshift(rest)
    return socket
  } catch (error) {
    socket.destroy()
    throw error instanceof Refused ? error : new Refused(`the proxy ${where.host} can't be reached`, { cause: error })
  } finally {
    signal.removeEventListener('abort', end)
  }
}

const longestAnswer = 16_384

/** Reads the head of the answer, and not a byte of what follows. */
async function answer(socket: Socket): Promise<{ readonly status: number; readonly rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0)
    const done = () => socket.off('data', read).off('error', fail).off('close', fail).pause()
    const fail = (error?: unknown) => {
      done()
      reject(error instanceof Error ? error : new Error('the proxy hung up'))
    }
    const read = (bytes: Buffer) => {
      head = Buffer.concat([head, bytes])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) {
        if (head.length > longestAnswer) fail(new Error('the proxy answers without an end'))
        return
      }
      done()
      resolve({ status: Number(/^HTTP\/1\.\d (\d{3})/.exec(head.toString('latin1'))?.[1] ?? 0), rest: head.subarray(end + 4) })
    }
    socket.on('data', read).once('error', fail).once('close', fail)
  })
}
