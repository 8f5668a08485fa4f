/**
 * The permission that a refused request needs, in the words of a workflow: "`checks: write`". GitHub says it in a header; where it does not,
 * the path does. '' when neither does.
 */
export function permissionFor(accepted: string | number | undefined, line: string): string {
  const [method, path = ''] = line.split(' ')
  const level = method === 'GET' ? 'read' : 'write'
  const named = accepted === undefined || accepted === '' ? byPath(path, level) : String(accepted).split(/[;,]\s*/)
  return named
    .map((permission) => /^([a-z_]+)=([a-z]+)$/.exec(permission.trim()))
    .flatMap((match) => (match ? [`\`${match[1]?.replaceAll('_', '-')}: ${match[2]}\``] : []))
    .join(' or ')
}

function byPath(path: string, level: 'read' | 'write'): readonly string[] {
  const found = permissions.find(([pattern]) => pattern.test(path))?.[1]
  return found === undefined ? [] : [`${found}=${level}`]
}
const permissions: readonly (readonly [path: RegExp, permission: string])[] = [
  [/\/check-runs(\/|$)/, 'checks'],
  [/\/issues\//, 'pull_requests'],
  [/\/pulls(\/|$)/, 'pull_requests'],
  [/\/actions\//, 'actions'],
  [/\/(releases|comments|commits|compare|branches)(\/|$)/, 'contents'],
]
