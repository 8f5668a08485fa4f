import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WebWorld } from '../../../app/web/world.ts'
import { ProctorError } from '../../../runner/domain/error.ts'
import { there } from '../../support/there.ts'
import { type Office, openOffice } from './office.ts'

/** What a command changes is changed once, however often its delivery is worked on, and wherever it stopped before. */
type At = Awaited<ReturnType<Office['pull']>>
let office: Office
let own: At
let fork: At
let run: string
beforeAll(async () => {
  office = await openOffice()
  ;[own, fork] = [await office.pull('acme/own'), await office.pull('acme/forked', { from: 'stranger' })]
  run = (await office.finish(there((await evaluationsOf(own))[0]))).run('empty-field')
}, 180_000)
afterAll(() => office?.[Symbol.asyncDispose]())

const evaluationsOf = (at: At) => office.evaluationsOf(at)

/** The process dies at the n-th thing that it wants of GitHub, before or after GitHub has done it. */
function dying(door: WebWorld['door'], { at, after }: { readonly at: number; readonly after: boolean }) {
  let calls = 0
  const mortal = <T extends readonly unknown[]>(work: (...given: T) => Promise<unknown>) => {
    return async (...given: T) => {
      const isLast = ++calls === at
      if (isLast && !after) throw new ProctorError('github_failed', 'died')
      const result = await work(...given)
      if (isLast) throw new ProctorError('github_failed', 'died')
      return result
    }
  }
  const watched = ['react', 'reply', 'pullOf', 'mayWrite', 'mergeBase', 'readFile'] as const
  const names = Object.fromEntries(watched.map((name) => [name, mortal(door[name] as (...given: unknown[]) => Promise<unknown>)]))
  return { door: { ...door, ...names } as WebWorld['door'], calls: () => calls }
}

const rows = async () =>
  office.query<{
    rows: string
  }>(`SELECT (SELECT json_agg(x ORDER BY x.key) FROM (SELECT key, rating, body FROM proctor.feedback) x)::text || ' '
    || (SELECT coalesce(json_agg(x ORDER BY x.key), '[]') FROM (SELECT key, name, digest FROM proctor.expected_artifacts) x)::text || ' '
    || (SELECT coalesce(json_agg(x), '[]') FROM (SELECT agent, eval, sample_id FROM proctor.quarantined ORDER BY 1, 2, 3) x)::text AS rows`)

const commands: readonly (readonly [string, () => { readonly at: At; readonly body: string }])[] = [
  ['feedback', () => ({ at: own, body: `/proctor feedback ${run} fail no` })],
  ['wrong', () => ({ at: own, body: `/proctor wrong ${run} no` })],
  ['expect', () => ({ at: own, body: `/proctor expect ${run}\n\`\`\`\nthis\n\`\`\`` })],
  ['run', () => ({ at: own, body: '/proctor run' })],
  ['cancel', () => ({ at: own, body: '/proctor cancel' })],
  ['rerun failed', () => ({ at: own, body: '/proctor rerun failed' })],
  ['accept', () => ({ at: own, body: '/proctor accept' })],
  ['quarantine', () => ({ at: own, body: '/proctor quarantine empty-field' })],
  ['approve', () => ({ at: fork, body: `/proctor approve ${fork.head}` })],
]

test.each(commands)('%s', async (name, make) => {
  const { at, body } = make()
  const [before, [newest]] = [(await evaluationsOf(at)).length, await evaluationsOf(at)]
  // What is run again or accepted has to have ended.
  if (['rerun failed', 'accept', 'quarantine'].includes(name) && newest?.state === 'queued') await office.finish(newest)
  const { id } = await office.hub.asUser('octocat').createComment(at.name, at.number, body)
  await office.hub.delivered()
  let tries = 0
  for (let step = 1; step < 40; step++) {
    tries = step
    const { door, calls } = dying(office.world.door, { at: step, after: step % 2 === 0 })
    const died = await office.carryOut('issue_comment', { door }).then(
      () => false,
      (error: unknown) => error instanceof ProctorError,
    )
    if (!died) break
    expect(calls()).toBe(step)
  }
  expect(tries).toBeGreaterThan(4)
  const once = await rows()
  const evaluations = await evaluationsOf(at)
  expect(evaluations.length - before).toBe(['run', 'rerun failed', 'accept', 'quarantine'].includes(name) ? 1 : 0)

  // The same delivery under its own name, and under another one.
  const [delivery] = await office.query<{ id: string; event: string; body: unknown; body_digest: string; note: string; state: string }>(
    `SELECT * FROM proctor.deliveries WHERE (body #>> '{comment,id}')::bigint = $1`.replace('body #>>', 'body::jsonb #>>'),
    [id],
  )
  const kept = there(delivery)
  expect(kept).toMatchObject({ state: 'handled', note: `/proctor ${name}: done` })
  const again = { id: 'another', event: kept.event, body: kept.body, bodyDigest: kept.body_digest }
  expect(await office.store.deliveries.receive(again)).toBe('duplicate')
  await office.query(`UPDATE proctor.deliveries SET state = 'received' WHERE id = $1`, [kept.id])
  expect(await office.carryOut('issue_comment')).toContain(`/proctor ${name}: done`)
  expect(await rows()).toEqual(once)
  expect((await evaluationsOf(at)).map(({ id: evaluation, state }) => [evaluation, state])).toEqual(
    evaluations.map((one) => [one.id, one.state]),
  )
  const all = await office.hub.comments(at.name, at.number)
  expect(all.filter((comment) => String(comment.body).startsWith(`<!-- proctor:reply to=${id} -->`))).toHaveLength(1)
  await office.settle()
})

test('a comment that is gone meanwhile is obeyed all the same', async () => {
  const { id } = await office.hub.asUser('octocat').createComment(own.name, own.number, `/proctor feedback ${run} pass fine`)
  await office.hub.delivered()
  await office.hub.asUser('octocat').deleteComment(own.name, Number(id))
  await office.hub.delivered()
  expect(await office.carryOut()).toContain('/proctor feedback: done')
  expect(await office.query('SELECT rating FROM proctor.feedback WHERE key = $1', [`comment:${id}`])).toEqual([{ rating: 'pass' }])
})
