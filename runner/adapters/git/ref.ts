import { Refused } from '../fetch/guard.ts'

/** What a ref turned out to be: `name` = what git can ask the remote for, `commit` = unless only its history would tell. */
export type Revision = { readonly name: string; readonly commit?: string }

/** Throws `Refused` for text that git would take as an option, a pattern or an expression. */
export function checkRef(ref: string): void {
  const shown = JSON.stringify(ref.slice(0, 120))
  if (ref.startsWith('-')) throw new Refused(`the ref ${shown} begins with a hyphen`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what git itself refuses in a ref
  if (ref.length > 255 || /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^\/|[/.]$|^@$|(^|\/)\./.test(ref))
    throw new Refused(`${shown} is no name of a branch, tag or commit`)
}

/** Patterns for ls-remote, and what its answer says about them. A tag wins over a branch of the same name, as it does in git. */
export const patternsOf = (ref: string | undefined): string[] =>
  ref === undefined ? ['HEAD'] : ['HEAD', ...namesOf(ref).flatMap((name) => [name, `${name}^{}`])]

const namesOf = (ref: string) => [...(ref.startsWith('refs/') ? [ref] : []), `refs/tags/${ref}`, `refs/heads/${ref}`]

/** `answer` = of `git ls-remote --symref`. Undefined: the remote names no such ref. */
export function findRef(answer: string, ref: string | undefined): Revision | undefined {
  const commits = new Map(
    answer.split('\n').flatMap((line): [string, string][] => {
      const [, commit, name] = /^([0-9a-f]{40,64})\t(\S+)$/.exec(line) ?? []
      return commit !== undefined && name !== undefined ? [[name, commit]] : []
    }),
  )
  if (ref === undefined) {
    const commit = commits.get('HEAD')
    return commit === undefined ? undefined : { name: 'HEAD', commit }
  }
  if (isWholeCommit(ref)) return { name: ref.toLowerCase(), commit: ref.toLowerCase() }
  for (const name of namesOf(ref)) {
    const commit = commits.get(`${name}^{}`) ?? commits.get(name)
    if (commit !== undefined) return { name, commit }
  }
  return isShortCommit(ref) ? { name: ref.toLowerCase() } : undefined
}

/** Of HEAD, as `ls-remote --symref` shows it; for people. */
export const branchOfHead = (answer: string): string => /^ref: refs\/heads\/(\S+)\tHEAD/m.exec(answer)?.[1] ?? 'HEAD'

const isWholeCommit = (ref: string) => /^[0-9a-f]{40}$/i.test(ref)
const isShortCommit = (ref: string) => /^[0-9a-f]{7,39}$/i.test(ref)
