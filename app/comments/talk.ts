import type { WebWorld } from '../web/world.ts'
import { source } from './feedback.ts'
import type { Heard } from './heard.ts'

/**
 * A comment that quotes one of ours is feedback without a rating; all other talk is nobody's business. `ours` = bodies of the comments that
 * are ours. Gives what became of it, for the delivery's note.
 */
export async function keepReply(
  heard: Heard,
  ours: readonly string[],
  { store }: Pick<WebWorld, 'store'>,
): Promise<'talk' | 'a reply, kept'> {
  const { comment, repo, mayWrite } = heard
  if (!quotesOneOf(comment.body, ours)) return 'talk'
  const [evaluation] = await store.evaluations.withKey(repo.id, `pull:${comment.pull}`)
  await store.feedback.add({
    rating: 'none',
    body: comment.body.slice(0, 10_000),
    trusted: mayWrite,
    ...(evaluation && { evaluationId: evaluation.id }),
    ...source(heard),
  })
  return 'a reply, kept'
}

/** Whether a comment begins with a quotation at all: of all others nobody need ask what it quotes. */
export const beginsWithQuote = (body: string): boolean => /^ {0,3}>/.test(body)

/** A line that it quotes is one of ours, whatever became of the marks around its words. Short ones are anybody's. */
function quotesOneOf(body: string, ours: readonly string[]): boolean {
  const lines = body.split(/\r\n|\n|\r/)
  const end = lines.findIndex((line) => !/^ {0,3}>/.test(line))
  const quoted = (end < 0 ? lines : lines.slice(0, end)).slice(0, mostLines).map((line) => wordsOf(line))
  const texts = ours.map(wordsOf)
  return quoted.some((line) => line.length >= fewest && texts.some((text) => text.includes(line)))
}
const mostLines = 40
const fewest = 12

/** Letters and digits alone; entities are what they stand for. */
const wordsOf = (text: string): string =>
  text
    .replaceAll(/&#(\d{1,7});/g, (_, code: string) => (Number(code) <= 0x10ffff ? String.fromCodePoint(Number(code)) : ''))
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
    .toLowerCase()
