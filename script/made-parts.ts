import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
type Described = Readonly<Record<string, { readonly description: string; readonly default?: string }>>

/** A page of Markdown with its parts between `<!-- made: NAME -->` and `<!-- /made -->` made anew. Throws for a name that is none. */
export function withMadeParts(page: string): string {
  const text = readFileSync(join(root, page), 'utf8')
  return text.replaceAll(
    /(<!-- made: (\S+) -->\n)[\s\S]*?(<!-- \/made -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}\n${part(name)}\n\n${end}`,
  )
}

function part(name: string): string {
  if (name.endsWith('.yml')) return `\`\`\`yaml\n${readFileSync(join(root, name), 'utf8').trimEnd()}\n\`\`\``
  const { inputs, outputs }: { inputs: Described; outputs: Described } = parse(readFileSync(join(root, 'action.yml'), 'utf8'))
  if (name === 'inputs') return table(['input', 'default', 'what it does'], inputs, ({ default: text }) => shown(text))
  if (name === 'outputs') return table(['output', 'what it is'], outputs)
  throw new Error(`nothing is called ${name}: inputs, outputs, or the path of a workflow`)
}

function table(titles: readonly string[], entries: Described, second?: (entry: Described[string]) => string): string {
  const rows = Object.entries(entries).map(([name, entry]) => [`\`${name}\``, ...(second ? [second(entry)] : []), entry.description])
  return [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const shown = (text = '') => (text === '' ? '' : `\`${text.replace(/^\$\{\{ (.*) \}\}$/, '$1')}\``)
