import { z } from 'zod'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Publisher } from '../../runner/seams/publisher.ts'
import { outcomeOf } from '../comments/outcome.ts'
import type { OutboxRow } from '../store/github/outbox.ts'
import type { WebWorld } from '../web/world.ts'
import { hopelessMs, type Publishing } from './publishing.ts'

const release = z.object({ tag: z.string(), commit: z.string() })
const reply = z.object({ issue: z.number(), to: z.string() })

/**
 * Writes what the outbox holds about an evaluation that has ended: the comment of its pull request, the answer to whoever asked for it,
 * the notes of its release. Each letter is done only when GitHub has it; what GitHub refuses for good is let go, everything else is tried
 * again later, for two weeks.
 */
export async function sendLetters(publishing: Publishing, world: WebWorld): Promise<void> {
  const { store, log } = world
  for (const letter of await store.outbox.due(publishing.evaluation.id)) {
    try {
      await send(letter, publishing, world)
      await store.outbox.done(letter.id)
    } catch (error) {
      const why = error instanceof Error ? error.message.slice(0, 1000) : String(error)
      const isRefused = error instanceof ProctorError && error.code === 'github_refused'
      const isOver = isRefused || Date.now() - letter.createdAt.getTime() > hopelessMs
      log.warn({ evaluation: publishing.evaluation.id, letter: letter.key, error: why }, isOver ? 'a letter is let go' : 'a letter waits')
      if (isOver) await store.outbox.gone(letter.id, why)
      else await store.outbox.later(letter.id, why)
    }
  }
}

async function send(letter: OutboxRow, publishing: Publishing, world: WebWorld): Promise<void> {
  const { told, evaluation } = publishing
  if (letter.kind === 'reply') return answer(letter, publishing, world)
  // What never ran, or nobody waits for any more, has a check run that says so, and nothing else.
  if (!told || evaluation.state !== 'done') return
  const publisher =
    letter.kind === 'comment' ? comment(publishing, world) : letter.kind === 'release' ? await notes(letter, publishing, world) : undefined
  await publisher?.publish(told.report)
}

async function answer({ payload }: OutboxRow, publishing: Publishing, { door, app }: WebWorld): Promise<void> {
  const { issue, to } = reply.parse(payload)
  const { github, repo } = publishing
  await door.reply({ github, repo, issue, author: await ownLogin(app), to, body: outcomeOf(publishing) })
}

function comment({ evaluation, told, repo, github, place, checks }: Publishing, { door, log, app }: WebWorld): Publisher | undefined {
  if (evaluation.pull === null) return undefined
  return door.openComment({
    github,
    repo,
    pull: evaluation.pull,
    key: 'proctor',
    order: orderOf(evaluation),
    mode: told?.plan.publishing?.comment ?? 'changes',
    place,
    checkUrl: checks.url,
    author: () => ownLogin(app),
    log: (line) => log.info({ evaluation: evaluation.id }, line),
  })
}

/** Notes can be written only where the installation gave more than is needed for check runs. */
async function notes(
  { payload }: OutboxRow,
  { evaluation, told, repo, place }: Publishing,
  { door, log, app, clients }: WebWorld,
): Promise<Publisher> {
  const { tag, commit } = release.parse(payload)
  const github = await clients.of({ id: evaluation.repoId, installation: evaluation.installationId }, { contents: 'write' })
  return door.openRelease({
    github,
    repo,
    tag,
    sha: commit,
    onFailure: told?.plan.publishing?.onReleaseFailure ?? 'comment',
    place,
    author: () => ownLogin(app),
    order: orderOf(evaluation),
    log: (line) => log.info({ evaluation: evaluation.id }, line),
  })
}

/** Later evaluations are newer, whichever commit they are about. */
const orderOf = ({ createdAt }: Publishing['evaluation']) => [createdAt.getTime(), 1] as const
const ownLogin = async (app: WebWorld['app']) => `${await app.slug()}[bot]`
