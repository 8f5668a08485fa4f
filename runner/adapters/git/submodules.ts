import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { SimpleGit } from 'simple-git'
import { httpsUrl } from '../../lib/https-url.ts'
import { type meter, Refused } from '../fetch/guard.ts'
import type { Revision } from './ref.ts'
import type { Link } from './tree-size.ts'

type Submodule = Link & { readonly url: string }
type Taken = { readonly url: string; readonly folder: string; readonly revision: Revision; readonly depth: number }

/** Submodules within submodules. */
const deepest = 5

/**
 * The repositories that a tree says belong into it. Git's own command would fetch them too, but asks nobody how large they are, and would
 * hand them a login. Those that .gitmodules does not explain stay empty folders, as in git.
 */
export async function linksOf(
  repository: SimpleGit,
  { commit, links, url, isLocal }: { commit: string; links: readonly Link[]; url: string; isLocal: boolean },
): Promise<Submodule[]> {
  const listed = await repository
    .raw(['config', '-z', '--no-includes', '--blob', `${commit}:.gitmodules`, '--get-regexp', '^submodule\\..*\\.(path|url)$'])
    .catch(() => '')
  const sections = new Map<string, { path?: string; url?: string }>()
  for (const entry of listed.split('\0')) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(entry) ?? []
    if (name === undefined || (key !== 'path' && key !== 'url')) continue
    const section = sections.get(name) ?? {}
    section[key] = value ?? ''
    sections.set(name, section)
  }
  const urls = new Map([...sections.values()].flatMap((section) => (section.path && section.url ? [[section.path, section.url]] : [])))
  return links.flatMap((link) => {
    const written = urls.get(link.path)
    return written === undefined ? [] : [{ ...link, url: resolved(written, url, isLocal, link.path) }]
  })
}

/** `../other.git` is relative to the repository that says so. A repository of the network has none on this machine. */
function resolved(written: string, parent: string, isLocal: boolean, path: string): string {
  const isRelative = /^\.\.?\//.test(written)
  if (isLocal) {
    if (!isRelative) return written
    return parent.startsWith('/') ? join(parent, written) : new URL(written, `${parent.replace(/\/*$/, '')}/`).href
  }
  const url = httpsUrl(isRelative ? new URL(written, `${parent.replace(/\/*$/, '')}/`).href : written)
  if ('refused' in url) throw new Refused(`its submodule ${JSON.stringify(path.slice(0, 120))}: ${url.refused}; accepted: an https URL`)
  return url.href
}

/** Each into its empty folder. Throws `Refused` when one of them cannot be had: half a tree is none. */
export async function takeSubmodules(
  submodules: readonly Submodule[],
  { folder, depth, count }: { folder: string; depth: number; count: ReturnType<typeof meter> },
  take: (one: Taken) => Promise<string | undefined>,
): Promise<void> {
  if (submodules.length > 0 && depth === deepest) throw new Refused(`it has submodules more than ${deepest} deep`)
  for (const { path, url, commit } of submodules) {
    count.entry()
    const shown = JSON.stringify(path.slice(0, 120))
    const place = join(await realpath(folder), path)
    if ((await realpath(place).catch(() => undefined)) !== place) throw new Refused(`its submodule ${shown} lies behind a link`)
    const found = await take({ url, folder: place, revision: { name: commit, commit }, depth: depth + 1 }).catch((error: unknown) => {
      throw error instanceof Refused ? new Refused(`its submodule ${shown}: ${error.message}`, { cause: error }) : error
    })
    if (found === undefined) throw new Refused(`its submodule ${shown} has no commit ${commit}`)
  }
}
