import { request } from 'node:http'
import { setUp } from '../../app/setup.ts'

type Options = Omit<Parameters<typeof setUp>[0], 'say'>
type Sent = {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<NodeJS.Dict<string | string[]>>
  /** What a browser would send back. */
  readonly cookie: string
  /** Of the page's form. */
  readonly fields: Readonly<Record<string, string>>
  readonly actions: readonly string[]
}

/** The set-up as it begins in a terminal: its address and its code, read there. */
export async function openSetup(options: Options) {
  const lines: string[] = []
  const stop = new AbortController()
  const said = Promise.withResolvers<string>()
  const say = (line: string) => {
    lines.push(line)
    if (lines.length === 1) said.resolve(line)
  }
  const ended = setUp({ ...options, say }, stop.signal)
  const first = await Promise.race([said.promise, ended.then(() => '')])
  return {
    ...placeAndCode(first),
    lines: lines as readonly string[],
    ended,
    stop: () => stop.abort(),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
    },
  }
}

export function placeAndCode(line: string): { readonly url: string; readonly code: string } {
  const [, url = '', code = ''] = /Open (http:\S+) .* code there: ([A-Z0-9-]+)$/.exec(line) ?? []
  return { url, code }
}

/** A GET, or a form as a browser sends it from one of the server's own pages. */
export async function send(
  url: string,
  form?: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const origin = form ? { origin: new URL(url).origin, 'content-type': 'application/x-www-form-urlencoded' } : {}
  const headers = Object.fromEntries(Object.entries({ ...origin, ...more }).filter(([, value]) => value !== ''))
  const sent = request(url, { method: form ? 'POST' : 'GET', headers, agent: false })
  return new Promise((done, failed) => {
    sent.on('error', failed).on('response', async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('')
      done({
        status: response.statusCode ?? 0,
        text,
        headers: response.headers,
        cookie: (response.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; '),
        fields: fieldsOf(text),
        actions: [...text.matchAll(/<form[^>]* action="([^"]*)"/g)].map(([, action]) => plain(action ?? '')),
      })
    })
    sent.end(form && new URLSearchParams(form).toString())
  })
}

export const fieldsOf = (page: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...page.matchAll(/<input[^>]* name="([^"]*)"(?:[^>]*? value="([^"]*)")?/g)].map(([, name, value]) => [name ?? '', plain(value ?? '')]),
  )

const plain = (html: string) =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
