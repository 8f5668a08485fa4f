import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs, UsageError } from './args.js'
import { Groups } from './group.js'
import { help } from './help.js'
import { parseLine } from './parse.js'
import { json, table } from './print.js'

/** Runs the program and gives its exit status. `streams` has stdin, stdout and stderr. */
export async function main(argv, { stdin, stdout, stderr }) {
  try {
    const settings = parseArgs(argv)
    if (settings.help) stdout.write(help())
    else if (settings.version) stdout.write(`${version()}\n`)
    else stdout.write((settings.json ? json : table)(await report(settings, stdin)))
    return 0
  } catch (error) {
    if (!(error instanceof UsageError) && error.code === undefined) throw error
    stderr.write(`loglens: ${error.message}\n`)
    return 2
  }
}

async function report(settings, stdin) {
  const groups = new Groups(settings.by)
  let unreadable = 0
  for await (const line of lines(settings.files, stdin)) {
    if (line.trim() === '') continue
    const request = parseLine(line)
    if (!request) unreadable += 1
    else if (isInTime(request, settings)) groups.add(request)
  }
  return { by: settings.by, rows: groups.rows(settings.top), requests: groups.requests, unreadable }
}

const isInTime = ({ at }, { since = -Infinity, until = Infinity }) => at >= since && at < until

async function* lines(files, stdin) {
  const sources = files.length === 0 ? [stdin] : files.map((file) => createReadStream(file))
  for (const input of sources) yield* createInterface({ input, crlfDelay: Infinity })
}

const version = () => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
