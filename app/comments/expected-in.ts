/** What somebody says a run should have left: text that stands in the comment, or the address of a file that was attached to it. */
export type Expected = { readonly name: string } & ({ readonly text: string } | { readonly url: string })

/**
 * The first fenced block, else every attachment. Only addresses of GitHub's own uploads count: any other could lead anywhere, and would be
 * fetched from inside. `serverUrl` = of this GitHub.
 */
export function expectedIn(body: string, serverUrl: string): readonly Expected[] {
  const block = fenced(body)
  if (block) return [block]
  const found = linksIn(body)
    .filter(({ url }) => isUpload(url, serverUrl))
    .map(({ name, url }) => ({ name: fileName(name) || 'attachment', url }))
  return found.filter(({ url }, at) => found.findIndex((other) => other.url === url) === at).slice(0, 10)
}

/** As GitHub's editor writes what is dropped into it: files as links, pictures as links or in HTML, films as a bare address. */
function linksIn(body: string): readonly { readonly name: string; readonly url: string }[] {
  return [...body.matchAll(links)].map(([, name, url, src, bare]) => ({ name: name ?? '', url: url ?? src ?? bare ?? '' }))
}
const links = /\[([^\]\n]{0,200})\]\(([^\s()<>]{1,2000})\)|<img\b[^>]{0,500}?\bsrc="([^"\s]{1,2000})"|^(https?:\/\/\S{1,2000})$/gm

/** The info string may name the file: ```json report.json */
function fenced(body: string): Expected | undefined {
  const lines = body.split(/\r\n|\n|\r/)
  const start = lines.findIndex((line) => /^(`{3,}|~{3,})[^`]*$/.test(line))
  const [, fence = '', info = ''] = /^(`{3,}|~{3,})([^`]*)$/.exec(lines[start] ?? '') ?? []
  if (fence === '') return undefined
  const closes = (line: string) => line.trim().length >= fence.length && line.trim() === fence.charAt(0).repeat(line.trim().length)
  const end = lines.findIndex((line, at) => at > start && closes(line))
  if (end < 0) return undefined
  const named = info
    .trim()
    .split(/\s+/)
    .find((word) => word.includes('.'))
  return { name: fileName(named ?? '') || 'expected.txt', text: lines.slice(start + 1, end).join('\n') }
}

function isUpload(address: string, serverUrl: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const server = new URL(serverUrl)
  if (url?.username !== '' || url.password !== '' || url.protocol !== server.protocol || url.host !== server.host) return false
  return /^\/(?:user-attachments\/(?:files|assets)\/|[\w.-]+\/[\w.-]+\/(?:files|assets)\/\d+\/)[^/]/.test(url.pathname)
}

const fileName = (name: string) =>
  name
    .replaceAll(/[^\p{L}\p{N}._ -]/gu, '_')
    .replace(/^[. ]+/, '')
    .slice(0, 100)
