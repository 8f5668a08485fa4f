import { ConfigFile } from '../../runner/domain/config.ts'
import { Problems, ProctorError } from '../../runner/domain/error.ts'
import { checkYaml, isProblems, maxYamlBytes, readYaml } from '../../runner/plan/read/parse-yaml.ts'

/** Where a repository says what it wants; the organisation's `.github` repository says it for all that say nothing. */
const configPaths = ['.github/proctor.yml', '.github/proctor.yaml'] as const
/** Gives a file of a repository as it is at a commit or on its default branch; undefined where there is none. */
export type ReadFile = (repo: { readonly owner: string; readonly name: string }, path: string, ref?: string) => Promise<string | undefined>

/** `shared`: the organisation's, with its text; whoever plans puts it where the repository has none of its own. */
export type RepoConfig = { readonly value: ConfigFile; readonly shared?: string }

/**
 * The configuration that holds: of the commit `base`, or of the default branch. A head never supplies it. Throws `Problems` with file, line and column;
 * another repository's file is named by its repository.
 */
export async function readConfig(
  read: ReadFile,
  { owner, name, base }: { readonly owner: string; readonly name: string; readonly base?: string },
): Promise<RepoConfig | undefined> {
  const own = { owner, name, isOwn: true }
  for (const place of name === '.github' ? [own] : [own, { owner, name: '.github', isOwn: false }])
    for (const path of configPaths) {
      const text = await read(place, path, place.isOwn ? base : undefined).catch((error: unknown) =>
        Promise.reject(asProblem(error, place, path)),
      )
      if (text !== undefined && place.isOwn) return { value: parse(text, path) }
      if (text !== undefined) return { value: parse(text, `${owner}/.github/${path}`), shared: text }
    }
  return undefined
}

/** One that cannot even be read for what it is; all else is no fault of the file. */
function asProblem(error: unknown, { owner, isOwn }: { readonly owner: string; readonly isOwn: boolean }, path: string): unknown {
  if (!(error instanceof ProctorError && error.code === 'config_invalid')) return error
  const file = isOwn ? path : `${owner}/.github/${path}`
  return new Problems([new ProctorError('config_invalid', error.message, { place: { file, line: 1 } })])
}

function parse(text: string, file: string): ConfigFile {
  if (Buffer.byteLength(text) > maxYamlBytes)
    throw new Problems([
      new ProctorError('config_invalid', `found ${Buffer.byteLength(text)} bytes; accepted: at most ${maxYamlBytes}`, {
        place: { file, line: 1 },
      }),
    ])
  const yaml = readYaml(text, file)
  if (isProblems(yaml)) throw new Problems(yaml)
  const checked = checkYaml(yaml, ConfigFile)
  if (isProblems(checked)) throw new Problems(checked)
  return checked.value
}
