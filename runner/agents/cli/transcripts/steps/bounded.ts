import type { StepBody } from '../../../../domain/step.ts'
import { clip } from '../../../../lib/clip.ts'
import { maxText, short, toJson } from '../stream/fields.ts'

/** A step no larger than what is worth keeping; says so where a text was cut. */
export function bounded(body: StepBody): StepBody {
  let cut = false
  const kept = (value: string) => {
    const clipped = clip(value, maxText)
    cut ||= clipped.cut
    return short(clipped.text)
  }
  const marked = <T extends object>(detail: T) => (cut ? { ...detail, cut } : detail)
  switch (body.kind) {
    case 'assistant':
      return { ...body, detail: marked({ ...body.detail, text: kept(body.detail.text) }) }
    case 'shell': {
      const { command, output, ...rest } = body.detail
      return { ...body, detail: marked({ command: kept(command), ...(output === undefined ? {} : { output: kept(output) }), ...rest }) }
    }
    case 'edit': {
      const { path, diff, ...rest } = body.detail
      return { ...body, detail: marked({ path: short(path), ...(diff === undefined ? {} : { diff: kept(diff) }), ...rest }) }
    }
    case 'read':
    case 'search': {
      const { path, query } = body.detail
      return {
        ...body,
        detail: { ...(query === undefined ? {} : { query: short(query) }), ...(path === undefined ? {} : { path: short(path) }) },
      }
    }
    case 'tool': {
      const { name, arguments: given, result } = body.detail
      const answer = result === undefined ? {} : { result: toJson(result) }
      return { ...body, detail: { name: short(name), arguments: toJson(given), ...answer } }
    }
    case 'network':
      return body
  }
}

/** About how much memory a bounded step takes. */
export const weight = (body: StepBody): number => JSON.stringify(body.detail).length
