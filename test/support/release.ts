import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './cli.ts'

const builtFrom = ['action', 'app', 'cli', 'runner', 'script/build', 'rolldown.config.ts', 'package-lock.json']
const shipped = ['action.yml', 'app.yml', 'package.json', '.node-version', 'images', 'schemas', 'scenarios', 'script']

/**
 * A folder as GitHub's runner has a release: the bundle in dist/ and what ships beside it, no node_modules. Built once for the sources as
 * they are, however many tests ask.
 */
export async function release(): Promise<string> {
  const digest = createHash('sha256')
  for (const path of [...builtFrom, ...shipped]) {
    for (const file of await filesOf(join(root, path))) digest.update(`${file}\0`).update(await readFile(file))
  }
  const all = join(root, '.cache/releases')
  const folder = join(all, digest.digest('hex').slice(0, 16))
  if (existsSync(folder)) return folder
  await removeOld(all)
  const fresh = join(all, `new-${randomUUID()}`)
  await mkdir(fresh, { recursive: true })
  await run(join(root, 'script/build'), join(fresh, 'dist'))
  for (const path of shipped) await cp(join(root, path), join(fresh, path), { recursive: true })
  // Another test may have been faster.
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }))
  return folder
}

async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function removeOld(all: string): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    const { mtimeMs } = await stat(join(all, name))
    if (Date.now() - mtimeMs > 3_600_000) await rm(join(all, name), { recursive: true, force: true })
  }
}

async function run(command: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes))
  const code = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done))
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`)
}
