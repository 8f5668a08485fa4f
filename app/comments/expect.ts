import { codeSpan } from '../../runner/report/neutral.ts'
import { plural } from '../../runner/report/wording.ts'
import type { WebWorld } from '../web/world.ts'
import { download } from './download.ts'
import { expectedIn } from './expected-in.ts'
import { noSuchRun, source } from './feedback.ts'
import type { Command } from './grammar.ts'
import { type Answer, done, type Heard, refused } from './heard.ts'

/** Keeps what a run should have left: all that stands in the comment, or nothing when a part of it cannot be had. */
export async function expected(
  { run }: Extract<Command, { do: 'expect' }>,
  heard: Heard,
  { store, blobs, serverUrl, version, signal }: Pick<WebWorld, 'store' | 'blobs' | 'serverUrl' | 'version' | 'signal'>,
): Promise<Answer> {
  const { repo, comment } = heard
  const found = await store.results.run(repo.id, run, comment.pull)
  if (!found) return noSuchRun(run)
  const wanted = expectedIn(comment.body, serverUrl)
  if (wanted.length === 0) return refused('What was expected stands below the command: a fenced block, or files attached to the comment.')
  const files: { readonly name: string; readonly bytes: Buffer }[] = []
  for (const one of wanted) {
    const got = 'text' in one ? { bytes: Buffer.from(one.text) } : await download(one.url, { serverUrl, version, signal })
    if ('refused' in got) return refused(`${codeSpan(one.name, 100)} was not kept: ${got.refused}`)
    files.push({ name: one.name, bytes: got.bytes })
  }
  const { runId, agent, eval: title, sampleId } = found
  for (const [at, { name, bytes }] of files.entries()) {
    const blob = await blobs.put(ReadableStream.from([bytes]), name)
    await store.expected.add({ ...source(heard, `:${at}`), runId, agent, eval: title, sampleId, name, blob })
  }
  return done(`Kept ${plural(files.length, 'expected file')} with ${codeSpan(sampleId, 100)} of ${codeSpan(`${agent} / ${title}`, 100)}.`)
}
