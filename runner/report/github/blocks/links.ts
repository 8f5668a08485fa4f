import { codeSpan } from '../../neutral.ts'
import type { Place } from '../read.ts'

/** `label` is Markdown of ours. An address that is none of the web is not linked. */
export function link(label: string, url: string): string {
  if (!/^https?:\/\/[^/]/.test(url)) return label
  return `[${label}](${url.replace(/[\s<>()[\]\\"`|]|\p{Cc}/gu, (char) => encodeURIComponent(char).replace(/[()]/g, percent))})`
}
const percent = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`

/** The short form of a commit, linked when it is one. */
export function commitLink(commit: string, { serverUrl, repo }: Place): string {
  const label = codeSpan(shortSha(commit))
  return /^[0-9a-f]{40,64}$/.test(commit) ? link(label, `${serverUrl}/${repo}/commit/${commit}`) : label
}
export const shortSha = (commit: string): string => (/^[0-9a-f]+$/.test(commit) ? commit.slice(0, 7) : commit.slice(0, 40))

/** A line of a file at the commit that is examined. */
export function lineLink({ file, line }: { readonly file: string; readonly line: number }, { serverUrl, repo, sha }: Place): string {
  const label = codeSpan(`${file}:${line}`, 120)
  const parts = file.toWellFormed().split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return label
  return link(label, `${serverUrl}/${repo}/blob/${encodeURIComponent(sha)}/${parts.map(encodeURIComponent).join('/')}#L${line}`)
}

/** Where all of it is. */
export const pagesLine = ({ reportUrl, runUrl }: Place, checkUrl?: string): string =>
  [
    ...(checkUrl === undefined ? [] : [link('Check run', checkUrl)]),
    ...(reportUrl === undefined ? [] : [link('Full report', reportUrl)]),
    link('Workflow run', runUrl),
  ].join(' · ')
