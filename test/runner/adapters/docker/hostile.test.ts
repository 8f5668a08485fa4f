import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DockerSandboxes } from '../../../../runner/adapters/docker/docker.ts'
import type { Image, Profile, Sandbox } from '../../../../runner/seams/sandbox.ts'
import { collect, never, profile, resources, shell } from '../../../contract/sandboxes.ts'
import { openTestDocker } from './open-test-docker.ts'

/** Agents that attack their sandbox. Each ends as a value or a named error, within its time, and what comes after is fine. */
let docker: DockerSandboxes
let image: Image
beforeAll(async () => {
  docker = openTestDocker()
  image = await docker.prepare([{ base: 'proctor-base:latest' }], { signal: never })
})
afterAll(() => docker[Symbol.asyncDispose]())

const open = (more: Partial<Profile> = {}) => docker.open(image, { ...profile, ...more }, never)
const python = (sandbox: Sandbox, source: string, timeoutMs = 20_000) => collect(sandbox, ['python3', '-c', source], { timeoutMs })
/** The driver is the child of init that runs python. */
const driverPid = '$(pgrep -P 1 python3)'

describe('limits', () => {
  test('memory: the command itself', async () => {
    await using sandbox = await open({ resources: { ...resources, memoryMb: 64 } })
    expect(await python(sandbox, 'x = "x" * 10**9')).toMatchObject({ exitCode: 137, timedOut: false, over: 'memory' })
  })

  test('memory: a child of the command, which passes the failure on', async () => {
    await using sandbox = await open({ resources: { ...resources, memoryMb: 64 } })
    const done = await shell(sandbox, `python3 -c 'x = "x" * 10**9'; echo "child: $?"; exit 1`)
    expect(done).toMatchObject({ exitCode: 1, stdout: 'child: 137\n', over: 'memory' })
  })

  test('memory: in a grading container', async () => {
    const command = ['python3', '-c', 'x = "x" * 10**9']
    const request = { run: 'test', command, timeoutMs: 20_000, resources: { ...resources, memoryMb: 64 } }
    expect(await docker.once(image, request, never)).toMatchObject({ exitCode: 137, timedOut: false, over: 'memory' })
  })

  test('a failure within the limits is no limit', async () => {
    await using sandbox = await open()
    expect(await shell(sandbox, 'exit 137')).not.toHaveProperty('over')
  })

  test('disk: a file that takes its blocks', async () => {
    await using sandbox = await open({ resources: { ...resources, diskMb: 200 } })
    const done = await shell(sandbox, 'head -c 3000M /dev/zero > /tmp/full; sleep 60', { timeoutMs: 60_000 })
    expect(done).toMatchObject({ over: 'disk', timedOut: false })
    expect(await sandbox.take('/tmp/full')).toBeDefined()
  })

  test('disk: in a grading container', async () => {
    const command = ['sh', '-c', 'head -c 3000M /dev/zero > /tmp/full; sleep 60']
    const request = { run: 'test', command, timeoutMs: 60_000, resources: { ...resources, diskMb: 200 } }
    expect(await docker.once(image, request, never)).toMatchObject({ over: 'disk', timedOut: false })
  })

  test('disk: a sparse file takes none', async () => {
    await using sandbox = await open({ resources: { ...resources, diskMb: 100 } })
    expect(await shell(sandbox, 'truncate -s 20G /tmp/sparse; head -c 20M /dev/zero > /tmp/some; sleep 2')).toMatchObject({ exitCode: 0 })
  })

  test('a fork bomb is held by the pids limit, and ends with its time', async () => {
    await using sandbox = await open({ resources: { ...resources, pids: 64 } })
    const done = await shell(sandbox, 'bomb() { bomb | bomb & }; bomb; sleep 60', { timeoutMs: 3000 })
    expect(done.timedOut || done.exitCode !== 0).toBe(true)
    await sandbox.halt('stop')
    expect(await sandbox.take('/home/user/workspace')).toBeDefined()
  })
})

describe('output', () => {
  test('a flood of 200 MB is read, counted and dropped', async () => {
    await using sandbox = await open()
    const before = process.memoryUsage().rss
    const done = await shell(sandbox, 'head -c 200M /dev/zero; echo end >&2', { maxOutput: 1_000_000 })
    expect(done).toMatchObject({ exitCode: 0, lost: 200 * 1024 * 1024 - 1_000_000, stderr: 'end\n' })
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
  })

  test('a flood of a grading container as well', async () => {
    const command = ['sh', '-c', 'head -c 200M /dev/zero | tr "\\0" x; echo end; exit 5']
    const done = await docker.once(image, { run: 'test', command, timeoutMs: 60_000, resources, maxOutput: 10_000 }, never)
    expect(done.exitCode).toBe(5)
    expect(done.stdout.length).toBeLessThan(11_000)
  })

  test('a command that closes its output goes on to its end', async () => {
    await using sandbox = await open()
    expect(await shell(sandbox, 'exec >&- 2>&-; sleep 0.5; exit 6')).toMatchObject({ exitCode: 6, stdout: '' })
  })

  test('a grading command that closes its output keeps its exit code', async () => {
    const command = ['sh', '-c', 'exec >&- 2>&-; sleep 1; exit 6']
    expect(await docker.once(image, { run: 'test', command, timeoutMs: 30_000, resources }, never)).toMatchObject({
      exitCode: 6,
      timedOut: false,
    })
  })
})

describe('the driver', () => {
  test('killed by its own user', async () => {
    await using sandbox = await open()
    await expect(shell(sandbox, `kill -9 ${driverPid}; sleep 5`)).rejects.toMatchObject({ code: 'agent_sandbox_exited' })
    expect(await sandbox.take('/home/user/workspace')).toBeDefined()
    await expect(sandbox.exec(['true'])).rejects.toMatchObject({ code: 'agent_sandbox_exited' })
  })

  test('killed with init, by root', async () => {
    await using sandbox = await open()
    await expect(shell(sandbox, 'sudo kill -9 -1; sudo kill -TERM 1; sleep 5')).rejects.toMatchObject({ code: 'agent_sandbox_exited' })
  })

  test('stopped: the engine ends what it cannot', async () => {
    await using sandbox = await open()
    const done = await shell(sandbox, `kill -STOP ${driverPid}; sleep 60`, { timeoutMs: 1000 })
    expect(done).toMatchObject({ exitCode: 137, timedOut: true })
  })

  test('frames forged on its output are the word of the agent, and bounded', async () => {
    await using sandbox = await open()
    const forge = [
      'import os, glob',
      'driver = int(os.popen("pgrep -P 1 -o python3").read())',
      'fds = [p for p in glob.glob(f"/proc/{driver}/fd/*") if int(p.split("/")[-1]) >= 64]',
      'out = [os.open(p, os.O_WRONLY) for p in fds if os.readlink(p).startswith("pipe:")]',
      'evil = [b"x" * 3000000 + b"\\n", b"[]\\n", b"null\\n", b\'{"id":{}}\\n\', b\'{"n":-1}\\n\', b\'{"n":1e999}\\n\', b\'{"id":1,"at":"stdout","n":99999999999}\\n\', b\'{"id":77,"exit":0}\\n\', b"\\xff\\xfe\\n"]',
      'for fd in out:',
      '    for line in evil: os.write(fd, line)',
      'print(len(out))',
    ].join('\n')
    const done = await python(sandbox, forge, 5000).catch((thrown: { code: string }) => thrown)
    expect(done).toHaveProperty('code' in done ? 'code' : 'exitCode')
    if ('code' in done) expect(done.code).toBe('agent_sandbox_exited')
  })

  test('an exit code that is none becomes 255', async () => {
    await using sandbox = await open()
    const forge = [
      'import os, glob, time',
      'driver = int(os.popen("pgrep -P 1 -o python3").read())',
      'for p in sorted(glob.glob(f"/proc/{driver}/fd/*")):',
      '    if int(p.split("/")[-1]) == 65: os.write(os.open(p, os.O_WRONLY), b\'\\n{"id":1,"exit":"zero","lost":[1,"a",-5,1e99]}\\n\')',
      'time.sleep(3)',
    ].join('\n')
    expect(await python(sandbox, forge)).toMatchObject({ exitCode: 255, lost: 1 })
  })

  test('a host that dies ends the sandbox', async () => {
    const lone = openTestDocker()
    const sandbox = await lone.open(image, profile, never)
    const found = async () => (await docker.leftovers()).some(({ name }) => name === sandbox.name)
    expect(await found()).toBe(true)
    await sandbox[Symbol.asyncDispose]()
    await lone[Symbol.asyncDispose]()
    expect(await found()).toBe(false)
  })
})

test('opening stops promptly on an abort, and leaves nothing', async () => {
  const lone = openTestDocker()
  const mine = async () => (await docker.leftovers()).filter(({ run }) => run === 'aborted')
  for (const after of [0, 20, 100, 250]) {
    const abort = new AbortController()
    const opening = lone.open(image, { ...profile, run: 'aborted' }, abort.signal)
    opening.then((sandbox) => sandbox[Symbol.asyncDispose]()).catch(() => {})
    await sleep(after)
    abort.abort(new Error('enough'))
    await opening.catch((thrown) => expect(thrown.message).toBe('enough'))
  }
  await lone[Symbol.asyncDispose]()
  expect(await mine()).toEqual([])
})
