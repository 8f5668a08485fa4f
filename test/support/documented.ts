import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './cli.ts'
import { there } from './there.ts'

/** The shell block that stands under `<!-- run: NAME -->` on a page, as written. */
export function documented(page: string, name: string): string {
  const text = readFileSync(join(root, page), 'utf8')
  const [, shell] = new RegExp(`^<!-- run: ${name} -->\\n\\n\`\`\`sh\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text) ?? []
  return there(shell)
}
