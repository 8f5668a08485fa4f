import { plain, verbatim } from '../plain.ts'

/** Text that is HTML already. Only the functions here make it, and what they are given as a string is escaped. */
export type Html = { readonly markup: string }
type Value = string | number | Html | readonly Html[] | undefined | false

export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: strings.reduce((text, string, index) => text + render(values[index - 1]) + string) }
}

/** Text in which a carriage return is content. */
export const exact = (text: string): Html => ({ markup: escapeHtml(verbatim(text)) })

/** Constant text of ours: styles and script. */
export const trusted = (markup: string): Html => ({ markup })

export const join = (parts: readonly Html[]): Html => ({ markup: parts.map(({ markup }) => markup).join('') })
export const nothing: Html = { markup: '' }
export const bytesOf = ({ markup }: Html): number => Buffer.byteLength(markup)

function render(value: Value): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string') return escapeHtml(plain(value))
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
}

const escapeHtml = (text: string) => (/[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (char) => entities[char] ?? '') : text)
const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A relative address, part by part. */
export const href = (path: string): string => path.split('/').map(encodeURIComponent).join('/')
