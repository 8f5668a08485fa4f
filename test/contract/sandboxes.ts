import { setTimeout as sleep } from 'node:timers/promises'
import { extract, pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Resources } from '../../runner/domain/environment.ts'
import type { ExecOptions, Image, OnceRequest, Profile, Sandbox, Sandboxes } from '../../runner/seams/sandbox.ts'

export const resources: Resources = { cpus: 2, memoryMb: 512, pids: 256, diskMb: 1024 }
export const profile: Profile = { run: 'test', kind: 'agent', network: 'none', gateway: false, resources, sudo: true }
export const never = new AbortController().signal

/** What every engine of sandboxes has to do. `open` is called once. */
export function testSandboxes(open: () => Promise<{ sandboxes: Sandboxes & AsyncDisposable; image: Image }>): void {
  let sandboxes: Sandboxes & AsyncDisposable
  let image: Image
  let sandbox: Sandbox
  beforeAll(async () => {
    const opened = await open()
    sandboxes = opened.sandboxes
    image = opened.image
    sandbox = await sandboxes.open(image, profile, never)
  })
  afterAll(async () => {
    await sandbox?.[Symbol.asyncDispose]()
    await sandboxes?.[Symbol.asyncDispose]()
  })

  describe('exec', () => {
    test('runs as `user` in its home folder, and separates the streams', async () => {
      const done = await shell(sandbox, 'id -un; pwd; echo problem >&2')
      expect(done).toMatchObject({ exitCode: 0, timedOut: false, lost: 0, stdout: 'user\n/home/user\n', stderr: 'problem\n' })
    })

    test.each([0, 1, 42, 255])('exit code %i is a result', async (code) => {
      expect((await shell(sandbox, `exit ${code}`)).exitCode).toBe(code)
    })

    test('death by a signal is 128 and its number', async () => {
      expect((await shell(sandbox, 'kill -TERM $$')).exitCode).toBe(143)
    })

    test('a command that is not there, may not run, or has no folder to run in is a result that names it', async () => {
      expect(await collect(sandbox, ['no-such-command'])).toMatchObject({
        exitCode: 127,
        stderr: 'no-such-command: No such file or directory\n',
      })
      expect(await collect(sandbox, ['/etc/passwd'])).toMatchObject({ exitCode: 126, stderr: '/etc/passwd: Permission denied\n' })
      expect(await collect(sandbox, ['true'], { cwd: '/nowhere' })).toMatchObject({
        exitCode: 127,
        stderr: '/nowhere: No such file or directory\n',
      })
    })

    test('has the environment and folder that it was given, for this command only', async () => {
      const given = { env: { GREETING: 'hello "wörld"\n' }, cwd: '/tmp' }
      expect(await shell(sandbox, 'printf %s "$GREETING"; pwd', given)).toMatchObject({ stdout: 'hello "wörld"\n/tmp\n' })
      expect(await shell(sandbox, 'printf %s "$GREETING"')).toMatchObject({ stdout: '' })
    })

    test('stdin is closed', async () => {
      expect(await shell(sandbox, 'cat; echo end')).toMatchObject({ exitCode: 0, stdout: 'end\n' })
    })

    test('bytes that are no text arrive as they are', async () => {
      const pieces: Uint8Array[] = []
      await sandbox.exec(['printf', '\\xff\\x00\\n{"n":9}\\n\\xc3'], { onOutput: ({ bytes }) => pieces.push(bytes) })
      expect(Buffer.concat(pieces).toString('hex')).toBe(Buffer.from('\xff\x00\n{"n":9}\n\xc3', 'latin1').toString('hex'))
    })

    test('has a pipe of its own for steps', async () => {
      const done = await shell(sandbox, `echo '{"kind":"shell"}' >&$PROCTOR_STEPS_FD; echo out`)
      expect(done).toMatchObject({ steps: '{"kind":"shell"}\n', stdout: 'out\n' })
    })

    test('output over the limit is dropped and counted', async () => {
      const done = await shell(sandbox, 'head -c 300000 /dev/zero', { maxOutput: 1000 })
      expect(done.stdout).toHaveLength(1000)
      expect(done.lost).toBe(299_000)
    })

    test('a time limit kills the whole group', async () => {
      const began = performance.now()
      const done = await shell(sandbox, 'sleep 61 & sleep 61; echo survived', { timeoutMs: 300 })
      expect(done).toMatchObject({ exitCode: 137, timedOut: true, stdout: '' })
      expect(performance.now() - began).toBeLessThan(10_000)
      expect((await shell(sandbox, 'pgrep -fx "sleep 61"')).exitCode).toBe(1)
    })

    test('a background child that holds the pipes does not hold us, and lives on', async () => {
      const began = performance.now()
      const done = await shell(sandbox, '(sleep 62; echo late) & echo started')
      expect(done).toMatchObject({ exitCode: 0, stdout: 'started\n' })
      expect(performance.now() - began).toBeLessThan(10_000)
      expect((await shell(sandbox, 'pgrep -fx "sleep 62"')).exitCode).toBe(0)
    })

    test('commands run side by side', async () => {
      const both = [
        shell(sandbox, 'until [ -e /tmp/go ]; do sleep 0.05; done; echo one', { timeoutMs: 20_000 }),
        shell(sandbox, 'touch /tmp/go; echo two'),
      ]
      expect((await Promise.all(both)).map(({ stdout }) => stdout)).toEqual(['one\n', 'two\n'])
    })

    test('an abort kills it and is thrown', async () => {
      const abort = new AbortController()
      const running = sandbox.exec(['sleep', '63'], { signal: abort.signal })
      await sleep(200)
      abort.abort(new Error('enough'))
      await expect(running).rejects.toThrow('enough')
      expect((await shell(sandbox, 'pgrep -fx "sleep 63"')).exitCode).toBe(1)
    })

    test('`sudo: false` can never become root', async () => {
      await using plain = await sandboxes.open(image, { ...profile, sudo: false }, never)
      expect((await shell(plain, 'sudo -n true')).exitCode).not.toBe(0)
      expect((await shell(sandbox, 'sudo -n id -u')).stdout).toBe('0\n')
    })

    test('network none has loopback only', async () => {
      expect((await shell(sandbox, 'ls /sys/class/net')).stdout).toBe('lo\n')
    })

    test.each(['gateway', { allow: ['example.com'] }] as const)('network %o is loopback and a door', async (network) => {
      await using behind = await sandboxes.open(image, { ...profile, network, gateway: true }, never)
      expect((await shell(behind, 'ls /sys/class/net; ls -d /run/proctor')).stdout).toBe('lo\n/run/proctor\n')
      expect(behind.door).toMatch(/^\//)
      expect(sandbox.door).toBeUndefined()
    })

    test('what began with a network loses it, for good; where there is none that changes nothing', async () => {
      await using online = await sandboxes.open(image, { ...profile, online: true }, never)
      expect((await shell(online, 'ls /sys/class/net')).stdout).toContain('eth0')
      await online.isolate()
      expect((await shell(online, 'ls /sys/class/net')).stdout).toBe('lo\n')
      await online.isolate()
      await sandbox.isolate()
    })
  })

  describe('put and take', () => {
    test('what is put arrives owned by `user`, with its mode, in a folder that is made', async () => {
      await sandbox.put(
        '/home/user/new/folder',
        tarOf({ 'run.sh': { text: '#!/bin/sh\necho ran\n', mode: 0o755 }, 'd/ü.txt': { text: 'x' } }),
      )
      expect((await shell(sandbox, './run.sh; stat -c %U d/*; cat d/*', { cwd: '/home/user/new/folder' })).stdout).toBe('ran\nuser\nx')
    })

    test('a large tar streams through', async () => {
      const text = 'x'.repeat(1_000_000)
      await sandbox.put('/home/user/big', tarOf(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}`, { text }]))))
      expect((await shell(sandbox, 'cat /home/user/big/* | wc -c')).stdout).toBe('20000000\n')
    })

    test('what is no tar, or cannot be written, is an error and not a hang', async () => {
      await expect(sandbox.put('/home/user/bad', ReadableStream.from([Buffer.alloc(5_000_000, 7)]))).rejects.toThrow(/tar/)
      await expect(sandbox.put('/root/x', tarOf({ a: { text: 'a' } }))).rejects.toThrow(/Permission denied/)
    })

    test('a source that fails is thrown', async () => {
      const broken = ReadableStream.from(
        (async function* () {
          yield Buffer.alloc(512)
          throw new Error('no more')
        })(),
      )
      await expect(sandbox.put('/home/user/half', broken)).rejects.toThrow('no more')
      expect((await shell(sandbox, 'echo fine')).stdout).toBe('fine\n')
    })

    test('what is taken has names that begin with the last part of the path', async () => {
      await shell(sandbox, 'mkdir -p /home/user/out/a; echo one > /home/user/out/a/1; ln -s /etc/passwd /home/user/out/l')
      expect(await readTar(await sandbox.take('/home/user/out'))).toEqual({
        'out/': '',
        'out/a/': '',
        'out/a/1': 'one\n',
        'out/l': '-> /etc/passwd',
      })
    })

    test('a path that is not there gives undefined', async () => {
      expect(await sandbox.take('/home/user/nothing')).toBeUndefined()
    })

    test('a reader that stops early ends the reading', async () => {
      await shell(sandbox, 'truncate -s 4G /tmp/sparse')
      const tar = await sandbox.take('/tmp/sparse')
      await tar?.cancel()
      expect((await shell(sandbox, 'echo fine')).stdout).toBe('fine\n')
    })
  })

  describe('halt', () => {
    test('a paused sandbox can be read, and goes on where it was', async () => {
      await using paused = await sandboxes.open(image, profile, never)
      await shell(
        paused,
        'echo 0 > /tmp/n; (while true; do echo $(($(cat /tmp/n) + 1)) > /tmp/n.new && mv /tmp/n.new /tmp/n; sleep 0.02; done) > /dev/null 2>&1 &',
      )
      await paused.halt('pause')
      const first = await readTar(await paused.take('/tmp/n'))
      await sleep(200)
      expect(await readTar(await paused.take('/tmp/n'))).toEqual(first)
      await paused.resume()
      await sleep(200)
      expect(await readTar(await paused.take('/tmp/n'))).not.toEqual(first)
    })

    test('a stopped sandbox is dead, and can be read', async () => {
      await using stopped = await sandboxes.open(image, profile, never)
      await shell(stopped, 'echo before > /tmp/f; (sleep 1; echo after > /tmp/f) > /dev/null 2>&1 &')
      await stopped.halt('stop')
      await sleep(1500)
      expect(await readTar(await stopped.take('/tmp/f'))).toEqual({ f: 'before\n' })
      await expect(stopped.exec(['true'])).rejects.toMatchObject({ code: 'sandbox_lost' })
    })
  })

  describe('once', () => {
    const run = (command: string, more: Partial<OnceRequest> = {}) =>
      sandboxes.once(image, { run: 'test', command: ['bash', '-c', command], timeoutMs: 30_000, resources, ...more }, never)

    test('runs as root without a network, and tells exit code and output', async () => {
      const done = await run('id -u; ls /sys/class/net; echo problem >&2; exit 9')
      expect(done).toMatchObject({ exitCode: 9, timedOut: false, stdout: '0\nlo\n' })
      expect(done.output).toContain('problem\n')
      expect(done).not.toHaveProperty('over')
      expect(done).not.toHaveProperty('collected')
    })

    test('stdin is streamed and closed; without one it is empty', async () => {
      const stdin = ReadableStream.from([Buffer.from('one '), Buffer.alloc(3_000_000, 'x')])
      expect((await run('wc -c', { stdin })).stdout).toBe('3000004\n')
      expect((await run('wc -c')).stdout).toBe('0\n')
    })

    test('a command that does not read its input ends all the same', async () => {
      const endless = ReadableStream.from(
        (async function* () {
          for (;;) yield Buffer.alloc(65_536)
        })(),
      )
      expect((await run('echo done; exit 3', { stdin: endless })).exitCode).toBe(3)
    })

    test('input that cannot be made is thrown', async () => {
      const broken = ReadableStream.from(
        (async function* () {
          yield Buffer.from('half')
          throw new Error('no more')
        })(),
      )
      await expect(run('cat', { stdin: broken })).rejects.toThrow('no more')
    })

    test('what is asked for is collected, up to its limit', async () => {
      const made = 'mkdir -m 700 /result; echo found > /result/r; head -c 100000 /dev/urandom > /result/big'
      const { collected } = await run(made, { collect: '/result' })
      expect(Object.keys(await readTar(ReadableStream.from([collected ?? new Uint8Array()])))).toEqual([
        'result/',
        'result/big',
        'result/r',
      ])
      expect((await run(made, { collect: '/result', maxCollect: 5000 })).collected).toHaveLength(5000)
      expect(await run('true', { collect: '/result' })).not.toHaveProperty('collected')
    })

    test('a time limit kills it', async () => {
      const began = performance.now()
      expect(await run('echo begun; sleep 60', { timeoutMs: 1000 })).toMatchObject({ exitCode: 137, timedOut: true, stdout: 'begun\n' })
      expect(performance.now() - began).toBeLessThan(15_000)
    })

    test('a child that goes on does not outlive it, nor hold it', async () => {
      const began = performance.now()
      expect(await run('(sleep 60; echo late) & echo done')).toMatchObject({ exitCode: 0, stdout: 'done\n' })
      expect(performance.now() - began).toBeLessThan(15_000)
    })

    test('long output keeps both ends', async () => {
      const { stdout } = await run('echo first; head -c 5000000 /dev/zero | tr "\\0" x; echo; echo last', { maxOutput: 10_000 })
      expect(stdout.length).toBeLessThan(11_000)
      expect(stdout).toMatch(/^first\nx+\n\[.*cut.*\]\nx+\nlast\n$/)
    })

    test('what is not UTF-8 is replaced', async () => {
      expect((await run('printf "a\\xffb"')).stdout).toBe('a\ufffdb')
    })

    test('an abort ends it at once', async () => {
      const abort = new AbortController()
      const running = sandboxes.once(image, { run: 'test', command: ['sleep', '60'], timeoutMs: 90_000, resources }, abort.signal)
      setTimeout(() => abort.abort(new Error('enough')), 1000)
      const began = performance.now()
      await expect(running).rejects.toThrow('enough')
      expect(performance.now() - began).toBeLessThan(10_000)
    })
  })

  test('an image can be read without running it', async () => {
    expect(Object.keys(await readTar(await sandboxes.read(image, '/home/user', never)))).toContain('user/workspace/')
    await expect(sandboxes.read(image, '/nothing', never)).rejects.toThrow('/nothing')
  })
}

/** A command, its streams as text. */
export async function collect(sandbox: Sandbox, command: readonly string[], options: ExecOptions = {}) {
  const text = { stdout: '', stderr: '', steps: '' }
  const onOutput: ExecOptions['onOutput'] = ({ stream, bytes }) => {
    text[stream] += Buffer.from(bytes).toString()
  }
  return { ...(await sandbox.exec(command, { timeoutMs: 30_000, onOutput, ...options })), ...text }
}

export const shell = (sandbox: Sandbox, script: string, options?: ExecOptions) => collect(sandbox, ['bash', '-c', script], options)

export function tarOf(files: Record<string, { text: string; mode?: number }>): ReadableStream<Uint8Array> {
  const tar = pack()
  for (const [name, { text, mode = 0o644 }] of Object.entries(files)) tar.entry({ name, mode }, text)
  tar.finalize()
  // The types of tar-stream yield `any`.
  return ReadableStream.from(tar as unknown as AsyncIterable<Uint8Array>)
}

/** Name -> content, `-> target` for a link. */
export async function readTar(tar: ReadableStream<Uint8Array> | undefined): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const reader = extract()
  const feeding = (async () => {
    for await (const bytes of tar ?? []) reader.write(Buffer.from(bytes))
    reader.end(Buffer.alloc(0))
  })()
  for await (const entry of reader) {
    const pieces: Uint8Array[] = []
    for await (const bytes of entry) pieces.push(Buffer.from(bytes as Uint8Array)) // tar-stream yields buffers
    found[entry.header.name] = entry.header.type === 'symlink' ? `-> ${entry.header.linkname}` : Buffer.concat(pieces).toString()
  }
  await feeding
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
