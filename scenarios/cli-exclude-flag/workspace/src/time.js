const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const inLog = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/
const onCommandLine = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/

/** "01/Mar/2025:12:30:00 +0100" -> milliseconds since 1970, undefined when it is no time. */
export function parseLogTime(text) {
  const match = inLog.exec(text)
  if (!match) return undefined
  const [, day, monthName, year, hour, minute, second, sign, offsetHours, offsetMinutes] = match
  const month = months.indexOf(monthName)
  if (month === -1) return undefined
  const local = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second))
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000
  return sign === '+' ? local - offset : local + offset
}

/** A date (midnight UTC) or a full ISO time with its zone. */
export function parseTime(text) {
  if (!onCommandLine.test(text)) return undefined
  const parsed = Date.parse(text)
  return Number.isNaN(parsed) ? undefined : parsed
}

export const hourOf = (milliseconds) => `${new Date(milliseconds).toISOString().slice(0, 13)}:00Z`
