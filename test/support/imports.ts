import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'

/** `to` is a path of the repository, or the name of a package (`node:` ones are left out). `isLazy`: loaded by a call, if ever. */
export type Import = { readonly from: string; readonly to: string; readonly isPackage: boolean; readonly isLazy: boolean }

const statement = /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?\s*['"]([^'"\n]+)['"]|import\(\s*['"]([^'"\n]+)['"]\s*\)/g

/** Every import of every source file below the folders, of types too, static and lazy. */
export function importsOf(root: string, folders: readonly string[]): readonly Import[] {
  return folders.flatMap((folder) => sources(join(root, folder))).flatMap((file) => fileImports(root, file))
}

export function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path))
}

function fileImports(root: string, file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8')
  const from = relative(root, file)
  return [...text.matchAll(statement)].flatMap(([, fixed, lazy]): Import[] => {
    const name = fixed ?? lazy ?? ''
    const isLazy = fixed === undefined
    if (name.startsWith('node:')) return []
    if (name.startsWith('.')) return [{ from, to: normalize(join(dirname(from), name)), isPackage: false, isLazy }]
    return [
      {
        from,
        to: name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
        isPackage: true,
        isLazy,
      },
    ]
  })
}

/** The first cycle among the files, as a list of paths, or undefined. */
export function cycleIn(imports: readonly Import[]): readonly string[] | undefined {
  const edges = Map.groupBy(
    imports.filter(({ isPackage }) => !isPackage),
    ({ from }) => from,
  )
  const finished = new Set<string>()
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (finished.has(file)) return undefined
    for (const { to } of edges.get(file) ?? []) {
      const cycle = visit(to, [...path, file])
      if (cycle) return cycle
    }
    finished.add(file)
    return undefined
  }
  for (const file of edges.keys()) {
    const cycle = visit(file, [])
    if (cycle) return cycle
  }
  return undefined
}

/** Everything that is loaded with a file: paths and packages. What is only loaded by a call is not. */
export function reachedFrom(file: string, imports: readonly Import[]): ReadonlySet<string> {
  const reached = new Set<string>()
  const follow = (from: string): void => {
    for (const edge of imports) {
      if (edge.from !== from || edge.isLazy || reached.has(edge.to)) continue
      reached.add(edge.to)
      if (!edge.isPackage) follow(edge.to)
    }
  }
  follow(file)
  return reached
}
