import { marked } from 'marked'

export type Rendered = {
  readonly html: string
  readonly tags: readonly { readonly name: string; readonly attributes: string }[]
  readonly links: readonly string[]
  /** Text where GitHub looks for names, issues, commits and addresses: everything but code and what is a link already. */
  readonly open: string
  /** Tags that were never closed, or closed without being open. */
  readonly unbalanced: readonly string[]
  /** HTML comments. */
  readonly comments: readonly string[]
  readonly tables: number
}

/** Markdown as a page shows it, taken apart. */
export function rendered(markdown: string): Rendered {
  const html = marked.parse(markdown, { gfm: true, async: false })
  const tags: { name: string; attributes: string }[] = []
  const comments: string[] = []
  const stack: string[] = []
  const unbalanced: string[] = []
  const open: string[] = []
  for (const [token, closing, tag, attributes = ''] of html.matchAll(/<!--[\s\S]*?-->|<(\/?)([a-z][\w-]*)([^>]*)>|[^<]+|</gi)) {
    const name = tag?.toLowerCase()
    if (token.startsWith('<!--')) comments.push(token)
    else if (name === undefined) {
      if (!stack.some((outer) => quiet.has(outer))) open.push(decoded(token))
    } else if (closing) {
      if (stack.at(-1) === name) stack.pop()
      else unbalanced.push(`</${name}>`)
    } else {
      tags.push({ name, attributes: attributes.trim() })
      if (!voids.has(name)) stack.push(name)
    }
  }
  return {
    html,
    tags,
    comments,
    links: tags.filter(({ name }) => name === 'a').map(({ attributes }) => decoded(/href="([^"]*)"/.exec(attributes)?.[1] ?? '')),
    open: open.join('\n'),
    unbalanced: [...unbalanced, ...stack],
    tables: tags.filter(({ name }) => name === 'table').length,
  }
}
const quiet = new Set(['code', 'pre', 'a'])
const voids = new Set(['br', 'hr', 'img', 'input'])

const decoded = (text: string) =>
  text
    .replace(/&#x([0-9a-f]+);/gi, (_, digits) => String.fromCodePoint(Number.parseInt(digits, 16)))
    .replace(/&#(\d+);/g, (_, digits) => String.fromCodePoint(Number(digits)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')

/** What GitHub acts on in text that is rendered already, after entities are characters again. */
export const acting: Readonly<Record<string, RegExp>> = {
  mention: /@[a-z\d]/i,
  issue: /#\d/,
  'issue of old': /\b(?:gh|[a-z]+)-\d/i,
  commit: /\b[0-9a-f]{7,40}\b/i,
  address: /https?:\/\/|\bwww\./i,
  emoji: /:[a-z0-9_+-]+:/i,
  math: /\$(?!\d)\S/,
  'invisible or bidi': /(?!\t|\n|\u200b|\u200d|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u,
}

/** Is a fence open at the end of the page? */
export function openFence(markdown: string): boolean {
  let open = ''
  for (const line of markdown.split('\n')) {
    const [, ticks = ''] = /^(`{3,})[^`]*$/.exec(line) ?? []
    if (open === '' && ticks !== '') open = ticks
    else if (open !== '' && ticks.length >= open.length && line === ticks) open = ''
  }
  return open !== ''
}
