import { options } from './args.js'

export function help() {
  const rows = Object.entries(options).map(([name, { placeholder, help }]) => [`--${name}${placeholder ? ` ${placeholder}` : ''}`, help])
  const width = Math.max(...rows.map(([left]) => left.length))
  return [
    'Usage: loglens [OPTION]... [FILE]...',
    'Counts what is in a web server\'s access log. Reads standard input when there is no FILE.',
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
  ].join('\n')
}
