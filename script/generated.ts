import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Writes the files, or with --check only says which of them are stale, and exits with 1. */
export function generate(files: Readonly<Record<string, string>>, verb: string, argv: readonly string[] = process.argv.slice(2)): void {
  const stale = Object.entries(files).filter(([path, text]) => current(join(root, path)) !== text)
  for (const [path, text] of stale) {
    if (argv.includes('--check')) console.error(`stale: ${path} (run ${verb})`)
    else write(join(root, path), text)
  }
  if (argv.includes('--check') && stale.length > 0) process.exitCode = 1
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.log(`wrote ${relative(root, path)}`)
}
