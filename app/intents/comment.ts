import { ProctorError } from '../../runner/domain/error.ts'
import { type Command, readCommand } from '../comments/grammar.ts'
import type { Answer, Heard } from '../comments/heard.ts'
import { isForAll, obey } from '../comments/obey.ts'
import { beginsWithQuote, keepReply } from '../comments/talk.ts'
import type { Intent } from '../events/intent.ts'
import { fullName, type WebWorld } from '../web/world.ts'

type Asked = Extract<Intent, { kind: 'comment' }>
/** GitHub takes no longer ones. */
const mostLetters = 65_536

/**
 * A comment of a person: a command, a reply to one of ours, or talk. Worked on twice, it does what it asks for once and is answered once.
 * Gives a note for the delivery.
 */
export async function comment({ repo, comment: said }: Asked, world: WebWorld): Promise<string> {
  const { clients, door } = world
  const written = { ...said, body: said.body.slice(0, mostLetters) }
  const command = readCommand(written.body)
  if (!command && !(said.pull !== undefined && beginsWithQuote(written.body))) return 'talk'
  const github = await clients.of(repo)
  const about = { repo, comment: written, github }
  if (!command) return await reply(about, world)
  const mayWrite = await door.mayWrite(github, fullName(repo), said.author.login)
  return await carryOut(command, { ...about, mayWrite }, world)
}

/** Seen, done, and said so. To who may not ask for it nothing more than that is said. */
async function carryOut(command: Command, heard: Heard, world: WebWorld): Promise<string> {
  const { door } = world
  const { github, repo, comment } = heard
  const react = (content: 'eyes' | (typeof reactions)[Answer['did']]) =>
    unlessGone(() => door.react(github, fullName(repo), comment.id, content))
  if (heard.mayWrite || isForAll(command)) await react('eyes')
  const answer = await obey(command, heard, world)
  await say(answer, heard, world)
  await react(reactions[answer.did])
  return `/proctor ${command.do}: ${answer.did}${heard.mayWrite ? '' : ', of somebody who may not write here'}`
}

const reactions = { done: 'rocket', refused: '-1', noted: 'confused' } as const

const say = ({ says }: Answer, { github, repo, comment }: Heard, { door, app }: WebWorld) =>
  unlessGone(async () =>
    door.reply({
      github,
      repo: fullName(repo),
      issue: comment.issue,
      author: await ownLogin(app),
      to: String(comment.id),
      body: says,
    }),
  )

/** Only where something of ours can stand is GitHub asked what does. */
async function reply(about: Omit<Heard, 'mayWrite'>, world: WebWorld): Promise<string> {
  const { store, door, app } = world
  const { repo, github, comment } = about
  if ((await store.evaluations.withKey(repo.id, `pull:${comment.pull}`)).length === 0) return 'talk'
  const ours = await door.ownComments(github, fullName(repo), { issue: comment.issue, author: await ownLogin(app) })
  if (ours.length === 0) return 'talk'
  const mayWrite = await door.mayWrite(github, fullName(repo), comment.author.login)
  return keepReply({ ...about, mayWrite }, ours, world)
}

const ownLogin = async (app: WebWorld['app']) => `${await app.slug()}[bot]`

/** A comment that was deleted, or a conversation that was locked, meanwhile: what was done stands, and nobody can be told. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof ProctorError && 'status' in error && gone.has(Number(error.status)) && error.code !== 'github_limited'))
      throw error
  }
}
const gone = new Set([403, 404, 410, 422])
