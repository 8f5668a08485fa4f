import { parseLogTime } from './time.js'

const quoted = '"((?:[^"\\\\]|\\\\.)*)"'
const combined = new RegExp(`^(\\S+) \\S+ \\S+ \\[([^\\]]+)\\] ${quoted} (\\d{3}) (\\d+|-)(?: ${quoted} ${quoted})?(?: (\\d+(?:\\.\\d+)?))?$`)
const request = /^([A-Z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/

/**
 * One line of the combined log format.
 * @returns {{ip: string, at: number, method: string, target: string, path: string, status: number, bytes: number, ms: number | undefined} | undefined}
 *   undefined when the line cannot be read. `path` is `target` without its query string.
 */
export function parseLine(line) {
  const match = combined.exec(line)
  if (!match) return undefined
  const [, ip, time, requestLine, status, bytes, , , seconds] = match
  const at = parseLogTime(time)
  const asked = request.exec(requestLine)
  if (at === undefined || !asked) return undefined
  const [, method, target] = asked
  return {
    ip,
    at,
    method,
    target,
    path: target.split('?', 1)[0],
    status: Number(status),
    bytes: bytes === '-' ? 0 : Number(bytes),
    ms: seconds === undefined ? undefined : Math.round(Number(seconds) * 1000),
  }
}
