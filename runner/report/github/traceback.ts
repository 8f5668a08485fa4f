import type { ReportBatch, ReportRun } from '../../domain/report.ts'

/** A line of a file of the repository. */
export type RepositoryLine = { readonly path: string; readonly line: number }

/**
 * Finds the innermost line of the agent's package that a traceback of a run names. What is read is text of agents: only files of the
 * package that the repository holds can come out of it. Undefined when nobody can tell where the package is.
 */
export function openTracer(batch: ReportBatch, files: ReadonlySet<string>): ((run: ReportRun) => RepositoryLine | undefined) | undefined {
  const folder = packageFolder(batch, files)
  if (folder === undefined) return undefined
  const own = [...files].filter((file) => file.startsWith(within(folder, '')))
  const byName = Map.groupBy(own, (file) => file.split('/').at(-1))
  return ({ ended, response, scores }) => {
    const evidence = scores.filter(({ status }) => status === 'FAIL').map((score) => score.evidence)
    for (const { path, line } of [ended.message ?? '', response, ...evidence].flatMap((text) => framesIn(text.slice(-mostText)))) {
      const found = locate(path, byName, folder)
      if (found !== undefined) return { path: found, line }
    }
    return undefined
  }
}
const mostText = 20_000

/** The folder of the package, from the root of the repository: where its agent.yaml is. '' is the root itself. Undefined when nobody can tell. */
function packageFolder({ agent, runs }: ReportBatch, files: ReadonlySet<string>): string | undefined {
  const defining = runs.find(({ from }) => from !== undefined)?.from?.file ?? ''
  const around = defining.split('/').map((_, depth, parts) => parts.slice(0, -1 - depth).join('/'))
  return [`agents/${agent}`, ...around.filter((folder) => folder !== ''), ''].find((folder) =>
    ['agent.yaml', 'agent.yml'].some((name) => files.has(within(folder, name))),
  )
}

/** Paths inside of the sandbox, innermost first: Python names the innermost frame last, everybody else first. */
function framesIn(text: string): RepositoryLine[] {
  const python = [...text.matchAll(/File "\/home\/user\/((?:agent|workspace)\/[^"\n]{1,300})", line (\d{1,6})\b/g)].reverse()
  const others = text.matchAll(/\/home\/user\/((?:agent|workspace)\/[^\s:()"']{1,300}):(\d{1,6})\b/g)
  return [...python, ...others].slice(0, mostFrames).map(([, path = '', line]) => ({ path, line: Math.max(1, Number(line)) }))
}
const mostFrames = 50

/**
 * The agent's folder is its package's, or a part of that. Of the workspace the repository may hold a copy; it is taken for one only when
 * the package has exactly one file that ends so.
 */
function locate(sandboxPath: string, byName: ReadonlyMap<string | undefined, readonly string[]>, folder: string): string | undefined {
  const [root, ...parts] = sandboxPath.split('/')
  const [exact, end] = [within(folder, parts.join('/')), `/${parts.join('/')}`]
  const named = byName.get(parts.at(-1)) ?? []
  if (root === 'agent' && named.includes(exact)) return exact
  const below = named.filter((file) => file.endsWith(end))
  return below.length === 1 ? below[0] : undefined
}

const within = (folder: string, path: string) => (folder === '' ? path : `${folder}/${path}`)
