import { expect, test } from 'vitest'
import { agentsOf } from '../../../runner/plan/agents-of-tag.ts'

test.each([
  ['triage@1.2.0', ['triage']],
  ['fix-parser@v2.0.0-rc.1', ['fix-parser']],
  ['v1.2.0', 'all'],
  ['1.2.0', 'all'],
  ['nightly', 'none'],
  ['Triage@1', 'none'],
  ['x/y@1', 'none'],
  ['triage@latest', 'none'],
  ['--upload-pack=x@1', 'none'],
])('the tag %s is of %s', (tag, agents) => {
  expect(agentsOf(tag)).toEqual(agents)
})
