import { isNewer, parseMarker, type Shown } from '../../../report/github/marker.ts'
import type { GitHub } from '../client.ts'
import { createOnce } from '../create-once.ts'
import { hasStatus, isRefusal } from '../error.ts'
import type { Comment, Thread } from './thread.ts'

/**
 * `body` with at most so many bytes, or as many as usual. `wanted`: whether there is to be a comment, given the one that there is.
 * `author` = our own login, as far as it is known: a marker that somebody else wrote is none.
 */
type Sticky = {
  readonly github: GitHub
  readonly log: (line: string) => void
  readonly thread: Thread
  readonly author: () => Promise<string | undefined>
  readonly body: (bytes?: number) => string
  readonly wanted: (previous: Shown | undefined) => boolean
}
type Own = Comment & { readonly shown: Shown }

/**
 * One comment of ours in a thread, the oldest one with our key: made when it is wanted, changed in place, and left alone when nothing
 * changed or what it shows is newer. A token that may not comment is said, and no error.
 */
export async function stick({ github, log, thread, author, body, wanted }: Sticky): Promise<void> {
  const text = body()
  const marked = parseMarker(text)
  if (!marked) throw new Error('the body of a sticky comment has no marker')
  try {
    const found = await own({ thread, key: marked.key, author })
    const [first, ...others] = found
    if (found.some(({ shown }) => isNewer(shown, marked))) return log(`${thread.name} shows a newer result already`)
    if (!first && !wanted(undefined)) return
    if (first && others.length === 0 && first.shown.digest === marked.digest) return
    const written = await write({
      github,
      thread,
      author,
      texts: [() => text, () => body(20_000), () => body(4000)],
      marked,
      ...(first && { id: first.id }),
    })
    if (!first || others.length > 0) await converge(thread, { key: marked.key, author: async () => written.login })
  } catch (error) {
    if (!isRefusal(error)) throw error
    log(`${thread.name} gets no comment: ${error.message}`)
  }
}

type Ours = { readonly key: string; readonly author: () => Promise<string | undefined> }

async function own({ thread, key, author }: Ours & { readonly thread: Thread }): Promise<readonly Own[]> {
  const marked = (await thread.list()).flatMap((comment): Own[] => {
    const shown = parseMarker(comment.body)
    return shown?.key === key ? [{ ...comment, shown }] : []
  })
  if (marked.length === 0) return []
  const login = await author()
  return marked.filter((comment) => login !== undefined && comment.login === login)
}

type Writing = Pick<Sticky, 'github' | 'thread' | 'author'> & {
  readonly texts: readonly (() => string)[]
  readonly marked: Shown
  readonly id?: number
}

/** GitHub counts otherwise than it says: of texts that become shorter, the first that it takes. */
async function write({ github, thread, author, texts, marked, id }: Writing): Promise<Comment> {
  const isThis = ({ shown }: Own) => shown.digest === marked.digest && shown.order.join() === marked.order.join()
  const make = (text: string) =>
    createOnce({
      github,
      create: () => thread.create(text),
      find: async () => (await own({ thread, key: marked.key, author })).find(isThis),
    })
  const change = (text: string) =>
    id === undefined
      ? make(text)
      : thread.update(id, text).catch((error: unknown) => (hasStatus(error, 404) ? make(text) : Promise.reject(error)))
  let refused: unknown
  for (const text of texts) {
    try {
      return await change(text())
    } catch (error) {
      if (!hasStatus(error, 413, 422)) throw error
      refused = error
    }
  }
  throw refused
}

/** Two that began at once each made one: the oldest stays and shows the newest result, the others go. */
async function converge(thread: Thread, ours: Ours): Promise<void> {
  const [first, ...others] = await own({ thread, ...ours })
  if (!first || others.length === 0) return
  const newest = others.reduce((best, one) => (isNewer(best.shown, one.shown) ? best : one), first)
  if (first.body !== newest.body) await thread.update(first.id, newest.body)
  for (const { id } of others) await thread.remove(id)
}
