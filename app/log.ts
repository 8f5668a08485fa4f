import { pino } from 'pino'

export type Log = ReturnType<typeof openLog>

/** One line of JSON an entry, on stdout. What could hold a secret is never handed to it; these names are cut out all the same. */
export function openLog(
  { level, process }: { readonly level: string; readonly process: 'web' | 'worker' },
  stream?: NodeJS.WritableStream,
) {
  const redact = ['token', 'secret', 'authorization', 'privateKey', 'webhookSecret', 'masterKey', 'databaseUrl'].flatMap((name) => [
    name,
    `*.${name}`,
  ])
  const options = { level, base: { process }, redact, messageKey: 'message', timestamp: pino.stdTimeFunctions.isoTime }
  return stream ? pino(options, stream) : pino(options)
}
