import { isIP } from 'node:net'

/**
 * The URL that somebody wrote, in its one canonical spelling, or what is wrong with it. Nothing in the answer repeats a secret of the URL.
 * Spellings that two parsers could read as two hosts are refused, so that what is checked is what is used.
 */
export function httpsUrl(text: string): URL | { readonly refused: string } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: parsers drop some of them without a word
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return { refused: 'found a blank, a backslash or a control character in the URL' }
  if (!/^https:\/\//i.test(text)) return { refused: `found ${scheme(text)}` }
  const [authority = ''] = text.slice('https://'.length).split(/[/?#]/, 1)
  if (authority.includes('@')) return { refused: 'found a user name or password in the URL' }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || authority.includes('%')) return { refused: 'found no host that could be read' }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) return { refused: 'found a query or a fragment in the URL' }
  const host = authority.replace(/:\d*$/, '')
  if (isIP(url.hostname) === 4 && host !== url.hostname) return { refused: `found an unusual spelling of the address ${url.hostname}` }
  return url
}

/** Two spellings of one repository are the same text: without `.git` and slashes at the end. */
export function repositoryOf(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\.git$/, '')}`
}

/** What stands before the address, and never the address: it could hold a password. */
function scheme(text: string): string {
  const [, name] = /^([a-z][a-z0-9+.-]*):/i.exec(text) ?? []
  if (name !== undefined && /^[a-z0-9+.-]+:\/\//i.test(text)) return `a URL that begins with ${name.toLowerCase()}://`
  return /^[^/]*@/.test(text) ? 'the SSH form of a URL' : 'no https URL'
}
