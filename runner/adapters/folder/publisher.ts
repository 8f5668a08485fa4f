import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Report } from '../../domain/report.ts'
import { badges } from '../../report/badge.ts'
import { htmlReport } from '../../report/html/html.ts'
import type { FilePart } from '../../report/html/run-sheet.ts'
import { junitXml } from '../../report/junit.ts'
import { summaryMarkdown } from '../../report/markdown.ts'
import type { Publisher } from '../../seams/publisher.ts'
import { writeAtomically } from './write.ts'

/** The report as files of the output folder, each replaced whole. report.json comes last: it says what the others show. */
export function folderPublisher(folder: string): Publisher {
  let last: Promise<void> = Promise.resolve()
  const show = async (report: Report) => {
    if (isOlder(report, await shown(folder))) return
    const read = (path: string, part: { head: number; tail: number }) => readPart(join(folder, path), part)
    await writeAtomically(join(folder, 'report.html'), htmlReport(report, read))
    await writeAtomically(join(folder, 'summary.md'), [summaryMarkdown(report)])
    await writeAtomically(join(folder, 'junit.xml'), junitXml(report))
    for (const [name, svg] of badges(report)) await writeAtomically(join(folder, 'badges', name), [svg])
    await writeAtomically(join(folder, 'report.json'), jsonText(report))
  }
  return {
    publish(report) {
      const next = last.then(() => show(report))
      last = next.catch(() => {})
      return next
    },
  }
}

type Shown = Pick<Report, 'plan' | 'revision' | 'state'>

async function shown(folder: string): Promise<Shown | undefined> {
  try {
    // Our own file; what is not a report of ours is replaced.
    return JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Shown
  } catch {
    return undefined
  }
}

/** At the same revision a finished report is newer than a running one. */
function isOlder(report: Shown, before: Shown | undefined): boolean {
  if (before?.plan !== report.plan) return false
  return (
    report.revision < before.revision || (report.revision === before.revision && report.state === 'running' && before.state !== 'running')
  )
}

/** All of a file when it is no longer than `head`, else its two ends. */
async function readPart(path: string, { head, tail }: { head: number; tail: number }): Promise<FilePart | undefined> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const ends = async (from: number, bytes: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, from)
      return buffer.subarray(0, bytesRead).toString()
    }
    if (size <= head + tail) return { head: await ends(0, size), tail: '', whole: true }
    return { head: await ends(0, head), tail: tail === 0 ? '' : await ends(size - tail, tail), whole: false }
  } catch {
    return undefined
  }
}

/** Indented for people, and run by run, so that the text of a thousand runs is never one string. */
function* jsonText({ batches, ...head }: Report): Generator<string> {
  yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "batches": [`
  for (const [index, { runs, ...batch }] of batches.entries()) {
    yield `${index ? ',' : ''}\n    ${JSON.stringify(batch, null, 2).slice(0, -2).replaceAll('\n', '\n    ')},\n      "runs": [`
    for (const [at, run] of runs.entries()) yield `${at ? ',' : ''}\n        ${JSON.stringify(run, null, 2).replaceAll('\n', '\n        ')}`
    yield `\n      ]\n    }`
  }
  yield '\n  ]\n}\n'
}
