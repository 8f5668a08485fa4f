import { readdir, readlink, rm, symlink } from 'node:fs/promises'
import { Refused } from './guard.ts'

/** Where a link leads that led out of its tree: nowhere, on any machine, and as absolute as what no reader of links accepts. */
const nowhere = '/nonexistent/leads-out-of-the-repository'
/** As many links as the kernel follows for one path. */
const longestWay = 40
/** Of all links of a tree together. */
const mostBytes = 4 * 2 ** 20

/**
 * Whoever reads a tree later may follow its links, so those that lead out of it lead nowhere from now on; what leads to a place inside stays as it
 * is. Where a link leads is worked out from the tree alone: what lies around it, now or later, does not matter. Names are bytes, in latin1.
 */
export async function cutOutwardLinks(root: string): Promise<void> {
  const links = await linksBelow(root)
  for (const [path] of links) {
    if (isInside(path, links)) continue
    await rm(bytesOf(root, path))
    await symlink(nowhere, bytesOf(root, path))
  }
}

type Links = ReadonlyMap<string, string>

async function linksBelow(root: string): Promise<Links> {
  const links = new Map<string, string>()
  let bytes = 0
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(bytesOf(root, folder), { withFileTypes: true, encoding: 'buffer' })) {
      const path = `${folder === '' ? '' : `${folder}/`}${entry.name.toString('latin1')}`
      if (entry.isDirectory()) folders.push(path)
      if (!entry.isSymbolicLink()) continue
      const target = (await readlink(bytesOf(root, path), { encoding: 'buffer' })).toString('latin1')
      bytes += target.length
      if (bytes > mostBytes) throw new Refused(`its links are longer than ${mostBytes / 2 ** 20} MB together`)
      links.set(path, target)
    }
  }
  return links
}

function isInside(path: string, links: Links): boolean {
  let left = longestWay
  /** From a folder, given by its parts; undefined = outside, or in a circle. */
  const follow = (folder: readonly string[], target: string): readonly string[] | undefined => {
    if (target.startsWith('/') || left-- === 0) return undefined
    let here: readonly string[] | undefined = folder
    for (const part of target.split('/')) {
      if (part === '' || part === '.') continue
      if (part === '..' && here.length === 0) return undefined
      const next: readonly string[] = part === '..' ? here.slice(0, -1) : [...here, part]
      const link = part === '..' ? undefined : links.get(next.join('/'))
      here = link === undefined ? next : follow(here, link)
      if (!here) return undefined
    }
    return here
  }
  return follow(path.split('/').slice(0, -1), links.get(path) ?? '') !== undefined
}

const bytesOf = (root: string, path: string) => Buffer.concat([Buffer.from(root), Buffer.from(`/${path}`, 'latin1')])
