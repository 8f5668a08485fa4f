import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { encodeFrame, type FrameHead } from '../../lib/frames.ts'
import type { ExecOptions } from '../../seams/sandbox.ts'

/** Base interpreter, isolated and without site packages: nothing that an environment installs changes the driver. */
/** `forwarding`: it also starts the forwarder to the gateway's socket. */
export const driverCommand = (forwarding: boolean): readonly string[] => [
  '/usr/bin/python3',
  '-I',
  '-S',
  '-c',
  source('driver.py'),
  ...(forwarding ? [source('forwarder.py')] : []),
]

type Reply = { readonly exitCode: number; readonly timedOut: boolean; readonly lost: number }
export type Driver = {
  /** Feeds the reader of the driver's stdout. */
  hear(head: FrameHead, body: Uint8Array): void
  exec(
    command: readonly string[],
    options: ExecOptions & { readonly as?: 'root' | 'user' },
  ): { readonly reply: Promise<Reply>; kill(): void }
  /** Resolves to an error text when the tar could not be extracted. */
  put(at: string, tar: ReadableStream<Uint8Array>): Promise<string | undefined>
  /** Everything still waiting is rejected with this, and everything after. */
  end(reason: unknown): void
}

const defaultMaxOutput = 8 * 1024 * 1024
const putChunk = 256 * 1024

/**
 * The host's end of the resident driver. What it hears is the agent's word once the agent runs, so numbers are clamped,
 * output is bounded here as well, and what makes no sense is ignored.
 */
export function speak(stdin: Duplex): Driver {
  const waiting = new Map<number, Waiting>()
  let last = 0
  let ended: { readonly reason: unknown } | undefined

  const expect = (onOutput: Waiting['onOutput']) => {
    if (ended) throw ended.reason
    const id = ++last
    const answer = Promise.withResolvers<FrameHead>()
    waiting.set(id, { answer, onOutput })
    return { id, answer: answer.promise }
  }

  return {
    hear(head, body) {
      const one = typeof head.id === 'number' ? waiting.get(head.id) : undefined
      if (!one) return
      if (typeof head.at === 'string') return one.onOutput(head.at, body)
      waiting.delete(Number(head.id))
      one.answer.resolve(head)
    },
    exec(command, { cwd, env, timeoutMs, maxOutput = defaultMaxOutput, onOutput, as }) {
      const limited = limitOutput(maxOutput, onOutput)
      const { id, answer } = expect(limited.hear)
      const request = { op: 'exec', id, argv: command, cwd, env, timeout_ms: timeoutMs, max_output: maxOutput, steps: true, as }
      stdin.write(encodeFrame(request))
      return {
        reply: answer.then((head) => ({ ...toReply(head), lost: limited.lost() + sum(head.lost) })),
        kill: () => void stdin.write(encodeFrame({ op: 'kill', id })),
      }
    },
    async put(at, tar) {
      const { id, answer } = expect(() => {})
      stdin.write(encodeFrame({ op: 'put', id, at }))
      const answered = answer.then(
        () => true,
        () => true,
      )
      let done = false
      answered.then(() => (done = true))
      const feed = async () => {
        try {
          for await (const bytes of tar)
            for (let from = 0; from < bytes.byteLength && !done; from += putChunk) {
              const roomy = stdin.write(encodeFrame({ op: 'put', id }, bytes.subarray(from, from + putChunk)))
              if (!roomy) await Promise.race([once(stdin, 'drain'), answered])
            }
        } finally {
          stdin.write(encodeFrame({ op: 'put', id, end: true }))
        }
      }
      const [head] = await Promise.all([answer, Promise.race([feed(), answered])])
      return typeof head.error === 'string' ? head.error : undefined
    },
    end(reason) {
      ended ??= { reason }
      for (const { answer } of waiting.values()) answer.reject(reason)
      waiting.clear()
    },
  }
}

type Waiting = { readonly answer: PromiseWithResolvers<FrameHead>; readonly onOutput: (at: string, body: Uint8Array) => void }

function limitOutput(maxOutput: number, onOutput: ExecOptions['onOutput']) {
  const room = { stdout: maxOutput, stderr: maxOutput, steps: maxOutput }
  let lost = 0
  return {
    lost: () => lost,
    hear(at: string, body: Uint8Array) {
      if (at !== 'stdout' && at !== 'stderr' && at !== 'steps') return
      const bytes = body.subarray(0, room[at])
      room[at] -= bytes.byteLength
      lost += body.byteLength - bytes.byteLength
      if (bytes.byteLength > 0) onOutput?.({ stream: at, bytes })
    },
  }
}

function toReply(head: FrameHead): { exitCode: number; timedOut: boolean } {
  const { exit } = head
  const valid = typeof exit === 'number' && Number.isInteger(exit) && exit >= 0 && exit <= 255
  return { exitCode: valid ? exit : 255, timedOut: head.timed_out === true }
}

function sum(lost: unknown): number {
  if (typeof lost !== 'object' || lost === null) return 0
  return Object.values(lost).reduce((total: number, bytes) => total + (Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0), 0)
}

const sources = new Map<string, string>()
function source(name: string): string {
  const known = sources.get(name) ?? readFileSync(new URL(`../../agents/inside/${name}`, import.meta.url), 'utf8')
  sources.set(name, known)
  return known
}
