import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from '../comments/office.ts'

let office: Office
beforeAll(async () => {
  office = await openOffice()
}, 120_000)
afterAll(() => office?.[Symbol.asyncDispose]())

type At = Awaited<ReturnType<Office['pull']>>
const evaluationsOf = (at: At) => office.evaluationsOf(at)
const states = async (at: At) =>
  (await evaluationsOf(at)).map(({ headSha, state, request }) => ({ headSha, state, aside: !!request.aside }))

describe('two commits of one second, heard of in the wrong order', () => {
  test('GitHub is asked which is the head, and that one stays', async () => {
    const at = await office.pull('acme/same-second')
    const newer = await at.push()
    await office.hub.delivered()
    // What happened has the same time for both, and the evaluation of the older one is not there yet.
    const [older] = await evaluationsOf(at)
    await office.query('DELETE FROM proctor.evaluations WHERE id = $1', [there(older).id])
    const time = '2026-11-21T08:00:00Z'
    await office.query(
      `UPDATE proctor.deliveries SET body = jsonb_set(body::jsonb, '{pull_request,updated_at}', to_jsonb($1::text))::json WHERE event = 'pull_request'`,
      [time],
    )
    await office.carryOut('pull_request')
    await office.query(
      `UPDATE proctor.deliveries SET state = 'received' WHERE event = 'pull_request' AND body ->> 'action' = 'opened' AND body #>> '{repository,name}' = 'same-second'`,
    )
    await office.carryOut('pull_request')
    expect((await states(at)).toSorted((a, b) => a.state.localeCompare(b.state))).toEqual([
      { headSha: at.head, state: 'cancelled', aside: false },
      { headSha: newer, state: 'queued', aside: false },
    ])
  })
})

describe('what is asked for about a verdict', () => {
  test.each(['accept', 'rerun failed', 'quarantine empty-field'])(
    '/proctor %s holds after something was run beside it',
    async (command) => {
      const at = await office.pull(`acme/beside-${command.split(' ')[0]}`)
      const [of] = await evaluationsOf(at)
      await office.finish(there(of), { gate: { noRegressions: true, minPassRate: 0.5 } })
      expect(await office.say('octocat', at, '/proctor run parser')).toMatchObject({ notes: ['/proctor run: done'] })
      const [aside] = await evaluationsOf(at)
      expect(aside).toMatchObject({ request: { aside: true }, state: 'queued' })
      expect(await office.say('octocat', at, `/proctor ${command}`)).toMatchObject({
        notes: [`/proctor ${command.replace(/ empty.*/, '')}: done`],
      })
      const [again] = await evaluationsOf(at)
      expect(again).toMatchObject({ state: 'queued', request: { rerun: { of: there(of).id } } })
      expect((await evaluationsOf(at)).find(({ id }) => id === aside?.id)?.state, 'it goes on beside it').toBe('queued')
    },
  )
})

describe('where a trigger says no', () => {
  const checksOf = async (at: At) =>
    (await office.hub.checkRuns(at.name, at.head)).map(({ name, status, conclusion }) => ({ name, status, conclusion }))
  const config = 'triggers: {pull_request: {labels: [evaluate]}}\n'
  const told = { name: 'proctor', status: 'completed', conclusion: 'neutral' }

  test('the check run that may be required says why; the label that is wanted brings the verdict', async () => {
    const at = await office.pull('acme/labels', { config })
    expect(await checksOf(at)).toEqual([told])
    const [run] = await office.hub.checkRuns(at.name, at.head)
    expect(run).toMatchObject({
      output: { title: 'Not evaluated', summary: expect.stringContaining('it has none of the labels evaluate') },
    })
    await office.hub.asUser('octocat').label(at.name, at.number, 'other')
    await office.settle()
    expect(await checksOf(at), 'once').toEqual([told])
    expect(await evaluationsOf(at)).toEqual([])
    await office.hub.asUser('octocat').label(at.name, at.number, 'evaluate')
    await office.settle()
    expect(await states(at)).toEqual([{ headSha: at.head, state: 'queued', aside: false }])
  })

  test('what has a verdict keeps it', async () => {
    const at = await office.pull('acme/keeps')
    await office.finish(there((await evaluationsOf(at))[0]))
    at.repo.branch('main')
    await at.repo.commit({ '.github/proctor.yml': config })
    await at.repo.push()
    await office.hub.asUser('octocat').close(at.name, at.number)
    await office.hub.asUser('octocat').reopen(at.name, at.number)
    await office.settle()
    expect(await checksOf(at)).toEqual([])
  })

  test('a merge queue that requires it is not left waiting', async () => {
    const at = await office.pull('acme/queue', { config: 'triggers: {merge_queue: false}\n' })
    at.repo.branch('gh-readonly-queue/main/pr-1', 'topic')
    const head = await at.repo.commit({ 'README.md': 'merged\n' })
    await at.repo.push()
    const ref = (name: string) => `refs/heads/${name}`
    office.hub.tell({
      ...{ event: 'merge_group', action: 'checks_requested', repo: at.name, sender: 'octocat' },
      body: {
        merge_group: {
          head_sha: head,
          head_ref: ref('gh-readonly-queue/main/pr-1'),
          base_sha: at.head,
          base_ref: ref('main'),
          head_commit: {},
        },
      },
    })
    await office.settle()
    expect(await checksOf({ ...at, head })).toEqual([told])
  })
})
