import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish } from '../../../app/jobs/publish.ts'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from './office.ts'

type At = Awaited<ReturnType<Office['pull']>>
let office: Office
let at: At
beforeAll(async () => {
  office = await openOffice()
  at = await office.pull('acme/asked')
}, 120_000)
afterAll(() => office?.[Symbol.asyncDispose]())

const evaluations = async () => {
  const repo = there(await office.store.installations.repoNamed('acme', 'asked'))
  return office.store.evaluations.withKey(repo.id, `pull:${at.number}`)
}
const newest = async () => there((await evaluations())[0])
const shown = async () => {
  const runs = await office.hub.checkRuns(at.name, at.head)
  return Object.fromEntries(runs.map(({ name, conclusion }) => [String(name), conclusion]))
}
/** Our comments: the answer to one comment, and the one that is of the pull request. */
async function said(id: number) {
  const all = (await office.hub.comments(at.name, at.number)).map(({ body }) => String(body))
  return {
    answers: all.filter((body) => body.startsWith(`<!-- proctor:reply to=${id} -->`)).map((body) => body.slice(body.indexOf('\n') + 1)),
    sticky: all.filter((body) => body.startsWith('<!-- proctor:v1 key=proctor -->')),
  }
}

test('an eval that is asked for is shown beside what decides, and told below the comment that asked', async () => {
  const main = await newest()
  await office.finish(main)
  await publish(main.id, office.world)
  const before = await shown()
  expect(before).toEqual({ proctor: 'failure', 'proctor / fixer / parser': 'failure' })
  const { id } = await office.say('octocat', at, '/proctor run lexer')
  const { sticky } = await said(id)
  expect(sticky).toHaveLength(1)
  const aside = await newest()
  await office.finish(aside, { evals: ['lexer'], stories: ['pass'] })
  for (let time = 0; time < 2; time++) await publish(aside.id, office.world)
  expect(await shown()).toEqual({ ...before, 'proctor run': 'success', 'proctor run / fixer / lexer': 'success' })
  const after = await said(id)
  expect(after.sticky).toEqual(sticky)
  expect(after.answers).toEqual([
    expect.stringMatching(
      new RegExp(`^✅ \`${at.head}\`: 1/1 pass\\. Shown beside what decides about this pull request, it decides nothing\\. \\[Checks\\]`),
    ),
  ])
})

test('an evaluation of everything is told in both', async () => {
  const { id, replies } = await office.say('octocat', at, '/proctor run')
  expect(replies).toEqual([expect.stringMatching(/^Evaluating/)])
  const { sticky } = await said(id)
  const again = await newest()
  await office.finish(again, { stories: ['pass', 'pass', 'pass'] })
  await publish(again.id, office.world)
  expect(await shown()).toMatchObject({ proctor: 'success', 'proctor run': 'success' })
  const after = await said(id)
  expect(after.sticky).toHaveLength(1)
  expect(after.sticky).not.toEqual(sticky)
  expect(after.answers).toEqual([expect.stringMatching(new RegExp(`^✅ \`${at.head}\`: 3/3 pass.*\\[Checks\\]`))])
})
