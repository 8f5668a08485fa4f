/** Agents whose release a tag is: `<slug>@1.2.0` is one's, `v1.2.0` or `1.2.0` everybody's; any other is nobody's. */
export function agentsOf(tag: string): readonly string[] | 'all' | 'none' {
  const [, slug] = /^([a-z0-9]+(?:-[a-z0-9]+)*)@v?\d/.exec(tag) ?? []
  if (slug !== undefined) return [slug]
  return /^v?\d/.test(tag) ? 'all' : 'none'
}
