import { expect, test } from 'vitest'
import { agentCodes } from '../../../runner/domain/codes/agent.ts'
import { authorCodes } from '../../../runner/domain/codes/author.ts'
import { authorLateCodes } from '../../../runner/domain/codes/author-late.ts'
import { infrastructureCodes } from '../../../runner/domain/codes/infrastructure.ts'
import { codes } from '../../../runner/domain/codes.ts'

test('no code stands in two files, where one would silently win', () => {
  const all = [agentCodes, authorCodes, authorLateCodes, infrastructureCodes].flatMap((part) => Object.keys(part))
  expect(all.toSorted()).toEqual(Object.keys(codes).toSorted())
})

test('only what the agent did is graded as a failure, only what the machine did is tried again', () => {
  for (const [code, entry] of Object.entries(codes)) {
    expect([code, entry.verdict === 'fail']).toEqual([code, entry.class === 'agent'])
    expect([code, entry.retry && entry.class !== 'infrastructure']).toEqual([code, false])
    expect([code, entry.exit]).toEqual([code, { agent: 1, author: 2, infrastructure: 3 }[entry.class]])
  }
})
