import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { ProctorError } from '../../domain/error.ts'
import { Ends } from '../../lib/clip.ts'
import type { Image, Once, OnceRequest } from '../../seams/sandbox.ts'
import { takeArchive } from './archive.ts'
import { type Maker, removeContainer, startContainer } from './container.ts'
import { isOutOfMemory, killContainer } from './ending.ts'
import type { CallLimits, Engine } from './engine.ts'
import type { ContainerSpec } from './profile.ts'
import type { Watchdog } from './watchdog.ts'

const defaultMaxOutput = 1024 * 1024
const defaultMaxCollect = 64 * 1024 * 1024
/** Beyond its own limit, how long the engine may take to say that a command has ended. */
const graceMs = 30_000
/** After the end, how long the last of the output may take to arrive. */
const lastWordsMs = 2_000

/** One command as the only child of init. Its exit code, its end and what is collected come from the engine, never from its words. */
export async function runOnce(maker: Maker, watchdog: Watchdog, image: Image, request: OnceRequest, signal: AbortSignal): Promise<Once> {
  const { engine } = maker
  const { timeoutMs, resources, maxOutput = defaultMaxOutput } = request
  const stdout = new Ends(maxOutput)
  const output = new Ends(maxOutput)
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const onStderr = (bytes: Buffer) => output.push(decoders.stderr.decode(bytes, { stream: true }))
  const onStdout = (bytes: Buffer) => {
    const text = decoders.stdout.decode(bytes, { stream: true })
    stdout.push(text)
    output.push(text)
  }
  const { container, stdin, ended } = await startContainer(maker, specOf(image, request), { onStdout, onStderr }, signal)
  let ours: 'time' | 'disk' | 'full' | undefined
  const end = (why: 'time' | 'disk' | 'full') => {
    ours ??= why
    killContainer(engine, container).catch(() => {})
  }
  using _watch = watchdog.watch(container, resources.diskMb, (why) => end(why === 'over' ? 'disk' : 'full'))
  const timer = setTimeout(end, timeoutMs, 'time')
  try {
    const exit = exitOf(engine, container, ended, { deadlineMs: timeoutMs + graceMs, signal })
    await Promise.race([exit, Promise.all([feed(stdin, request.stdin), exit])])
    const exitCode = await exit
    // An attached stream ends when both of its directions have.
    stdin.end()
    await Promise.race([ended, sleep(lastWordsMs, undefined, { ref: false })])
    if (ours === 'full') throw new ProctorError('sandbox_lost', "The sandbox was ended because the engine's disk is full.")
    const outOfMemory = exitCode !== 0 && !ours && (await isOutOfMemory(engine, container))
    const over = ours === 'disk' ? 'disk' : outOfMemory ? 'memory' : undefined
    const collected = request.collect
      ? await collect(engine, container, request.collect, request.maxCollect ?? defaultMaxCollect)
      : undefined
    return {
      exitCode,
      timedOut: ours === 'time',
      stdout: stdout.take().text,
      output: output.take().text,
      ...(over ? { over } : {}),
      ...(collected ? { collected } : {}),
    }
  } finally {
    clearTimeout(timer)
    stdin.destroy()
    if (!request.keep) removeContainer(engine, container)
    else engine.background('stop a kept container', () => killContainer(engine, container))
  }
}

const specOf = (image: Image, { run, command, env, resources, keep, stdin }: OnceRequest): ContainerSpec => ({
  kind: 'grade',
  run,
  image: image.id,
  command,
  user: 'root',
  network: 'none',
  resources,
  privileges: 'grade',
  stdin: stdin !== undefined,
  ...(env ? { env } : {}),
  ...(keep ? { keep } : {}),
})

/**
 * The engine's word. An engine that dies while it waits leaves its answer open, but ends the attached stream, so whatever
 * outlasts that stream is asked after once more.
 */
async function exitOf(engine: Engine, container: Docker.Container, ended: Promise<void>, limits: CallLimits): Promise<number> {
  const wait = (abortSignal: AbortSignal) => container.wait({ abortSignal })
  const waited: Promise<{ StatusCode: number }> = engine.call('wait for a container', wait, limits)
  const done = new AbortController()
  const lost = ended
    .then(() => sleep(lastWordsMs, undefined, { signal: done.signal, ref: false }))
    .then(() => engine.call('inspect a container', (abortSignal) => container.inspect({ abortSignal })))
    .then(() => waited)
  try {
    return (await Promise.race([waited, lost])).StatusCode
  } finally {
    done.abort()
  }
}

/** A command that does not read its input is none of our business; input that cannot be made is. */
async function feed(stdin: Duplex, source: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  if (!source) return
  const closed = once(stdin, 'close').catch(() => {})
  for await (const bytes of source) {
    if (stdin.destroyed || stdin.writableEnded) return
    if (!stdin.write(bytes)) await Promise.race([once(stdin, 'drain'), closed]).catch(() => {})
  }
  stdin.end()
}

async function collect(engine: Engine, container: Docker.Container, path: string, max: number): Promise<Uint8Array | undefined> {
  const tar = await takeArchive(engine, container, path)
  if (!tar) return undefined
  const pieces: Uint8Array[] = []
  let left = max
  for await (const piece of tar) {
    pieces.push(piece.subarray(0, left))
    left -= piece.byteLength
    if (left <= 0) break
  }
  return Buffer.concat(pieces)
}
