import type { Blobs } from '../../runner/seams/records.ts'
import type { Nouns } from '../store/open.ts'
import type { ExpectedArtifact } from '../store/people/expected.ts'
import type { OfSample, StoredFeedback } from '../store/people/feedback.ts'

/**
 * What somebody said of a sample, with what the sample is. `id`, `user` and `expected` are what a dataset calls so: the sample's id, which is
 * numbered when it comes twice, what it asks, and what it should leave, as far as that is text.
 */
export type ExportLine = {
  readonly id: string
  readonly user: string
  readonly expected: string
  readonly repository: string
  readonly eval: string
  readonly agent: string
  readonly sample: string
  readonly run: string
  readonly rating: StoredFeedback['rating']
  readonly body: string
  readonly author: string
  readonly trusted: boolean
  readonly url: string
  readonly created_at: string
  readonly artifacts: readonly {
    readonly name: string
    readonly bytes: number
    readonly digest: string
    readonly author: string
    readonly url: string
  }[]
}
type Store = Pick<Nouns, 'feedback' | 'expected' | 'results'>
type Given = { readonly store: Store; readonly blobs: Pick<Blobs, 'get'> }
/** `all`: also what people without write access said, and replies that are about no run. `repository` = owner/name, in any case of letters. */
type Wanted = { readonly repository?: string; readonly all: boolean }
const longestText = 100_000

/** Everything that people said and expected, repository by repository, oldest first. A sample of which only a file is expected has a line too. */
export async function* exportLines({ repository, all }: Wanted, given: Given): AsyncGenerator<ExportLine> {
  const { store } = given
  const unique = numbering()
  for (const repo of await store.feedback.repositories()) {
    const name = `${repo.owner}/${repo.name}`
    if (repository !== undefined && repository.toLowerCase() !== name.toLowerCase()) continue
    const about = await knowledgeOf(repo.id, given)
    const spoken = new Set<string>()
    const lineOf = async (word: Word): Promise<ExportLine> => {
      spoken.add(keyOf(word))
      return { ...(await about(word)), id: unique(word.sampleId ?? 'reply'), repository: name, ...wordOf(word) }
    }
    for await (const said of wordsOf(repo.id, { all, store })) yield await lineOf(said)
    for (const file of await store.expected.of(repo.id))
      if (!spoken.has(keyOf(file))) yield await lineOf({ ...file, rating: 'none', body: '', trusted: true })
  }
}

/** A dataset has no id twice. */
function numbering(): (id: string) => string {
  const counts = new Map<string, number>()
  return function unique(id: string): string {
    const count = (counts.get(id) ?? 0) + 1
    counts.set(id, count)
    return count === 1 ? id : unique(`${id}~${count}`)
  }
}

async function* wordsOf(repoId: number, { all, store }: { readonly all: boolean; readonly store: Store }): AsyncGenerator<StoredFeedback> {
  let last: StoredFeedback | undefined
  do {
    const page = await store.feedback.page(repoId, last)
    yield* page.filter(({ trusted, sampleId }) => all || (trusted && sampleId !== null))
    last = page.at(-1)
  } while (last)
}

type Word = Pick<StoredFeedback, 'eval' | 'agent' | 'sampleId' | 'runId' | 'rating' | 'body' | 'author' | 'trusted' | 'url' | 'createdAt'>
const wordOf = ({ eval: title, agent, sampleId, runId, rating, body, author, trusted, url, createdAt }: Word) => ({
  ...{ eval: title ?? '', agent: agent ?? '', sample: sampleId ?? '', run: runId ?? '' },
  ...{ rating, body, author, trusted, url, created_at: createdAt.toISOString() },
})

/** What is known of a repository's samples, each looked up once. */
async function knowledgeOf(repoId: number, { store, blobs }: Given) {
  const files = Map.groupBy(await store.expected.of(repoId), keyOf)
  const known = new Map<string, Promise<Pick<ExportLine, 'user' | 'expected' | 'artifacts'>>>()
  const look = async (sample: OfSample, own: readonly ExpectedArtifact[]) => ({
    user: (await store.results.instruction(repoId, sample)) ?? '',
    expected: await textOf(own.at(-1), blobs),
    artifacts: own.map(({ name, blob: { bytes, digest }, author, url }) => ({ name, bytes, digest, author, url })),
  })
  return (said: Pick<Word, 'agent' | 'eval' | 'sampleId'>) => {
    const { agent, eval: title, sampleId: sample } = said
    if (agent === null || title === null || sample === null) return { user: '', expected: '', artifacts: [] }
    const key = keyOf(said)
    const found = known.get(key) ?? look({ agent, eval: title, sample }, files.get(key) ?? [])
    known.set(key, found)
    return found
  }
}
const keyOf = ({ agent, eval: title, sampleId }: Pick<Word, 'agent' | 'eval' | 'sampleId'>) => JSON.stringify([agent, title, sampleId])

/** Empty for what is no text, too long to stand in a line, or not on this machine. */
async function textOf(file: ExpectedArtifact | undefined, blobs: Pick<Blobs, 'get'>): Promise<string> {
  if (!file || file.blob.bytes > longestText) return ''
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await new Response(await blobs.get(file.blob)).arrayBuffer())
  } catch {
    return ''
  }
}
