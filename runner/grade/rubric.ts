export type RubricCriterion = { readonly name: string; readonly text: string }

/**
 * A rubric is Markdown. Each item of its top-level lists is a criterion, `- **name**: what must hold` or `- what must hold`;
 * a text without a list is one criterion.
 */
export function criteria(rubric: string): readonly RubricCriterion[] {
  const items = rubric.split(/\r?\n/).flatMap((line) => /^(?:[-*+]|\d+[.)])\s+(.+)$/.exec(line)?.[1] ?? [])
  if (items.length === 0) return [{ name: 'rubric', text: rubric.trim() }]
  return items.map((item, index) => {
    const named = /^\*\*(.{1,60}?)\*\*:?\s*(.*)$/.exec(item) ?? /^([\w -]{1,40}):\s+(.+)$/.exec(item)
    return named?.[1] && named[2] ? { name: named[1].replace(/:$/, ''), text: named[2] } : { name: `criterion ${index + 1}`, text: item }
  })
}
