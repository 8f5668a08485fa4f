import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { Exercise } from '../domain/plan.ts'
import { coalesce } from '../lib/coalesce.ts'
import { encodeFrame } from '../lib/frames.ts'
import { readTar } from '../lib/read-tar.ts'
import { encodeContent, encodeWork, readWork } from '../lib/work.ts'
import type { Blobs } from '../seams/records.ts'
import type { GradeRequest, Room } from '../seams/room.ts'
import type { Image, Sandboxes } from '../seams/sandbox.ts'
import type { Baseline, DiffStat } from '../seams/trees.ts'
import { changeOf } from './change.ts'
import { filterWork } from './filter.ts'
import type { Work } from './take.ts'

export type RoomParts = {
  readonly run: string
  readonly sandboxes: Sandboxes
  readonly blobs: Blobs
  /** What the exercise makes of a machine, and nothing of the agent's. */
  readonly image: Image
  readonly exercise: Pick<Exercise, 'editable' | 'protected' | 'hooks' | 'grading' | 'environment'>
  readonly baseline: Baseline
  readonly work: Work
  readonly stat: readonly DiffStat[]
  readonly keep: boolean
  readonly signal: AbortSignal
}

/** A room per call: nothing that one scorer's command does can reach the next. */
export function openRoom({ run, sandboxes, blobs, image, exercise, baseline, work, stat, keep, signal }: RoomParts): Room {
  const { entering, withTests, withheld } = filterWork(work.entries, baseline, exercise)
  const trees = { work: entering, 'tests-too': withTests, baseline: new Set<string>() }
  const environment = plainOf(exercise.environment.env)
  return {
    change: changeOf({ entries: work.entries, baseline, stat, withheld }),
    live: exercise.grading === 'live',
    grade: (request) =>
      sandboxes.once(
        image,
        {
          run,
          command: ['/usr/bin/python3', '-I', '-S', '-c', inside('launch.py')],
          stdin: coalesce(instructions({ request, environment, work, paths: trees[request.tree ?? 'work'], blobs })),
          timeoutMs: request.timeoutMs,
          resources: exercise.environment.resources,
          keep,
          ...(request.collect === undefined ? {} : { collect: request.collect }),
        },
        signal,
      ),
  }
}

/** Credentials never enter grading, whoever names them. */
const plainOf = (env: Exercise['environment']['env']) =>
  Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => typeof pair[1] === 'string'))

type Instructions = {
  readonly request: GradeRequest
  readonly environment: Readonly<Record<string, string>>
  readonly work: Work
  readonly paths: ReadonlySet<string>
  readonly blobs: Blobs
}

/** What inside/launch.py reads: the plan, then what to lay over the tree, in the order in which the later wins. */
async function* instructions({ request, environment, work, paths, blobs }: Instructions): AsyncGenerator<Uint8Array> {
  yield encodeFrame({ plan: { as: request.as, command: request.command, environment, env: request.env ?? {} } })
  if (paths.size > 0) {
    yield encodeFrame({ section: 'work' })
    for await (const { entry, content } of readWork(work.read())) {
      if (paths.has(entry.path)) yield* entry.type === 'gone' ? [encodeWork(entry)] : encodeContent(entry, content)
      else for await (const _ of content);
    }
  }
  if (request.files) {
    yield encodeFrame({ section: 'files' })
    yield* laidOver(await blobs.get(request.files))
  }
  yield encodeFrame({ section: 'extra' })
  if (request.as === 'grader') yield* smallFile('/proctor/bin/as-agent', inside('as_agent.py'), true)
  for (const [path, text] of Object.entries(request.extra ?? {})) yield* smallFile(path, text, false)
  yield encodeFrame({ end: true })
}

async function* laidOver(tar: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const { header, body, skip } of readTar(Readable.fromWeb(tar))) {
    const path = Buffer.from(header.name.replace(/^(\.\/)+/, '')).toString('latin1')
    if (header.type === 'symlink') {
      const target = Buffer.from(header.linkname ?? '')
      skip()
      yield encodeWork({ path, type: 'link', bytes: target.length }, target)
    } else if (header.type === 'file') {
      yield* encodeContent({ path, type: 'file', executable: ((header.mode ?? 0) & 0o100) !== 0, bytes: header.size ?? 0 }, body)
    } else skip()
  }
}

function* smallFile(path: string, text: string, executable: boolean): Generator<Uint8Array> {
  const bytes = Buffer.from(text)
  const entry = { path: Buffer.from(path.slice(1)).toString('latin1'), type: 'file' as const, executable, bytes: bytes.length }
  yield encodeWork(entry, bytes)
}

const sources = new Map<string, string>()

function inside(name: string): string {
  const known = sources.get(name)
  if (known !== undefined) return known
  const source = readFileSync(new URL(`./inside/${name}`, import.meta.url), 'utf8')
  sources.set(name, source)
  return source
}
