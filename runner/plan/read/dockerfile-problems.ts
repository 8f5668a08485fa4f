import { ProctorError } from '../../domain/error.ts'
import { readDockerfile } from '../dockerfile/body.ts'
import { pathText } from './explain-issues.ts'
import type { Parsed } from './parse-yaml.ts'
import type { Path } from './schema-shape.ts'

/** What is wrong with the Dockerfile bodies of an agent, a scenario or a scenario inside an eval: everything, each at its line and column. */
export function dockerfileProblems({ value, inText }: Pick<Parsed<unknown>, 'value' | 'inText'>): ProctorError[] {
  const bodies = [['environment', 'dockerfile'] as const, ['scenario', 'environment', 'dockerfile'] as const]
  return bodies.flatMap((path) => {
    const text = textAt(value, path)
    if (text === undefined) return []
    return readDockerfile(text).problems.map(
      ({ message, at }) => new ProctorError('config_invalid', `\`${pathText(path)}\`: found ${message}`, { place: inText(path, at) }),
    )
  })
}

function textAt(value: unknown, path: Path): string | undefined {
  const found = path.reduce<unknown>(
    (holder, part) => (typeof holder === 'object' && holder !== null ? Object.getOwnPropertyDescriptor(holder, part)?.value : undefined),
    value,
  )
  return typeof found === 'string' ? found : undefined
}
