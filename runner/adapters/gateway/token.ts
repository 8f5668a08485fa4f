import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** 256 random bits in an alphabet that every CLI takes for an API key. */
export const makeToken = (): string => `pt-${randomBytes(32).toString('base64url')}`

/** Whether one of the places where the providers' clients put their key holds this run's token. `key`: the query parameter that Gemini knows. */
export function showsToken(headers: IncomingHttpHeaders, key: string | undefined, token: string): boolean {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const shown = [headers['x-api-key'], headers['x-goog-api-key'], bearer, key]
  return shown.filter((text) => isSame(text, token)).length > 0
}

/** `Proxy-Authorization: Basic` of `proctor:<token>`. */
export function showsTokenToProxy(headers: IncomingHttpHeaders, token: string): boolean {
  const encoded = /^Basic +([\w+/=-]+) *$/i.exec(headers['proxy-authorization'] ?? '')?.[1] ?? ''
  return isSame(Buffer.from(encoded, 'base64').toString('latin1'), `proctor:${token}`)
}

/** In a time that says nothing about how much of it was right. Its length is no secret. */
function isSame(shown: string | readonly string[] | undefined, expected: string): boolean {
  if (typeof shown !== 'string') return false
  const [a, b] = [Buffer.from(shown), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
