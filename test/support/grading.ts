import { openDocker } from '../../runner/adapters/docker/docker.ts'
import type { Exercise, Sample } from '../../runner/domain/plan.ts'
import { encodeContent, encodeWork, type WorkEntry } from '../../runner/lib/work.ts'
import { openRoom } from '../../runner/run/room.ts'
import type { Room } from '../../runner/seams/room.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { exercise } from './scoring.ts'
import { tarOf } from './tar-of.ts'

/** Text by path; null = deleted. */
export type Files = Readonly<Record<string, string | null>>
export type Rules = Partial<Pick<Exercise, 'editable' | 'protected' | 'hooks' | 'grading'>>

/** Real rooms for a workspace that is written down in the test. */
export async function openGrading(workspace: Readonly<Record<string, string>>) {
  await using closing = new AsyncDisposableStack()
  const blobs = memoryBlobs()
  const sandboxes = closing.use(openDocker({ dockerHost: process.env.DOCKER_HOST, organisation: 'test', trust: 'local', blobs }))
  const files = await blobs.put(tarOf(workspace), 'workspace.tar')
  const { signal } = new AbortController()
  const image = await sandboxes.prepare([{ base: 'proctor-base:latest' }, { put: files, at: '/home/user/workspace' }], { signal })
  const baseline = {
    key: files.digest,
    entries: new Map(Object.keys(workspace).map((path) => [path, { mode: '100644' as const, oid: '', bytes: 0 }])),
  }
  const base: NonNullable<Sample['exercise']> = { ...exercise(files.digest), workspace: files }
  const closed = closing.move()
  return {
    exercise: base,
    blobs,
    pack: (content: Readonly<Record<string, string>>) => blobs.put(tarOf(content), 'files.tar'),
    room: (changes: Files, rules: Rules = {}): Room =>
      openRoom({
        run: 'scorers',
        sandboxes,
        blobs,
        image,
        exercise: { ...base, ...rules },
        baseline,
        work: workOf(changes),
        stat: [],
        keep: false,
        signal,
      }),
    [Symbol.asyncDispose]: () => closed.disposeAsync(),
  }
}

function workOf(changes: Files) {
  const entries = Object.entries(changes).map(
    ([path, text]): WorkEntry =>
      text === null ? { path, type: 'gone' } : { path, type: 'file', executable: false, bytes: Buffer.byteLength(text) },
  )
  return {
    entries,
    async *read() {
      for (const entry of entries)
        yield* entry.type === 'gone' ? [encodeWork(entry)] : encodeContent(entry, text(changes[entry.path] ?? ''))
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

async function* text(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
}
