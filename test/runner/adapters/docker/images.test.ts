import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DockerSandboxes } from '../../../../runner/adapters/docker/docker.ts'
import { lastUse } from '../../../../runner/adapters/docker/images/snapshots.ts'
import { thisProcess } from '../../../../runner/adapters/docker/owner.ts'
import type { Layer } from '../../../../runner/domain/environment.ts'
import { never, profile, readTar, shell, tarOf } from '../../../contract/sandboxes.ts'
import { openTestDocker } from './open-test-docker.ts'

const docker = promisify(execFile)
const base: Layer = { base: 'proctor-base:latest' }
const step = (run: string, more: Partial<Extract<Layer, { run: string }>> = {}): Layer => ({
  run,
  as: 'user',
  network: 'none',
  blame: 'environment_setup_failed',
  ...more,
})
/** Snapshots of these tests, so that none outlives them. */
const organisation = `images-test-${process.pid}-${Date.now()}`
const made = new Set<string>()
const open = (more: Parameters<typeof openTestDocker>[0] = {}) => openTestDocker({ organisation, ...more })

let sandboxes: DockerSandboxes
beforeAll(() => {
  sandboxes = open()
})
afterAll(async () => {
  await sandboxes[Symbol.asyncDispose]()
  const base = await sandboxes.prepare([{ base: 'proctor-base:latest' }], { signal: never })
  made.delete(base.id)
  for (const id of [...made].toReversed()) await docker('docker', ['rmi', id]).catch(() => {})
})

async function prepare(layers: readonly Layer[], from = sandboxes, signal = never) {
  const log: string[] = []
  const image = await from.prepare([base, ...layers], { signal, onLog: (text) => log.push(text) })
  made.add(image.id)
  return { image, log: log.join('') }
}

test('the base is the base', async () => {
  const { image } = await prepare([])
  const { stdout } = await docker('docker', ['image', 'inspect', '-f', '{{.Id}}', 'proctor-base:latest'])
  expect(image.id).toBe(stdout.trim())
})

test('a base that is not there says what to do', async () => {
  const missing = sandboxes.prepare([{ base: 'proctor-base:no-such-tag' }], { signal: never })
  await expect(missing).rejects.toMatchObject({ code: 'base_image_missing' })
})

describe('layers', () => {
  test('run as they say, in order, and the log is live', async () => {
    const root = step('echo "I am $(id -un) in $PWD with $WORD"; echo rooted > /etc/rooted', {
      as: 'root',
      cwd: '/tmp',
      env: { WORD: 'words' },
    })
    const { image, log } = await prepare([root, step('echo "I am $(id -un) in $PWD"; cat /etc/rooted; sudo touch /made-by-sudo')])
    expect(log).toBe('I am root in /tmp with words\nI am user in /home/user\nrooted\n')
    await using sandbox = await sandboxes.open(image, profile, never)
    expect(await shell(sandbox, 'id -un; ls /made-by-sudo; pwd; echo "[$WORD]"')).toMatchObject({
      stdout: 'user\n/made-by-sudo\n/home/user\n[]\n',
    })
  })

  test('a tar is laid where it belongs, owned by `user`', async () => {
    const blob = { digest: 'sha256:0', bytes: 1, name: 'files.tar' } as const
    const get = async () => tarOf({ 'a/b.txt': { text: 'content' } })
    await using withBlobs = open({ blobs: { get } })
    const { image } = await prepare([{ put: blob, at: '/opt/placed' }, step('stat -c %U /opt/placed /opt/placed/a/b.txt')], withBlobs)
    expect(await readTar(await withBlobs.read(image, '/opt/placed/a', never))).toEqual({ 'a/': '', 'a/b.txt': 'content' })
  })

  test('only those that ask for it have a network', async () => {
    const look = 'ls /sys/class/net | tr "\\n" " "; echo'
    const { log } = await prepare([step(look), step(look, { network: 'open' }), step(look), step(look, { network: 'open' })])
    expect(log.split('\n').map((line) => line.includes('eth'))).toEqual([false, true, false, true, false])
  })

  test('a container of a snapshot says nothing of who built it', async () => {
    const { image } = await prepare([step('true # labels')])
    const { stdout } = await docker('docker', ['image', 'inspect', '-f', '{{json .Config}}', image.id])
    const { User, Cmd, Labels } = JSON.parse(stdout)
    expect({ User, Cmd, owner: Labels['proctor.owner'], kind: Labels['proctor.kind'] }).toEqual({
      User: 'user',
      Cmd: ['/bin/bash'],
      owner: '',
      kind: 'snapshot',
    })
  })
})

describe('snapshots', () => {
  const first = step('echo building one; date +%N > /home/user/stamp')

  test('the same recipe is built once, also by another process', async () => {
    const one = await prepare([first])
    const again = await prepare([first])
    await using other = open()
    const elsewhere = await prepare([first], other)
    expect([one.image, again.image, elsewhere.image]).toEqual([one.image, one.image, one.image])
    expect([one.log, again.log, elsewhere.log]).toEqual(['building one\n', '', ''])
  })

  test('a longer recipe begins where a shorter one ended', async () => {
    await prepare([first])
    expect((await prepare([first, step('echo building two')])).log).toBe('building two\n')
  })

  test('another organisation, trust or step is another image', async () => {
    const { image } = await prepare([first])
    await using other = open({ trust: 'another' })
    expect((await prepare([first], other)).image).not.toEqual(image)
    expect((await prepare([step('echo building one;  date +%N > /home/user/stamp')])).image).not.toEqual(image)
  })

  test('asked for by many at once, it is built once: in this process', async () => {
    const slow = step('echo slow; sleep 1; date +%N > /home/user/slow')
    const all = await Promise.all(Array.from({ length: 5 }, () => prepare([slow])))
    expect(new Set(all.map(({ image }) => image.id)).size).toBe(1)
    expect(all.map(({ log }) => log)).toEqual(Array.from({ length: 5 }, () => 'slow\n'))
  })

  test('asked for by many at once, it is built once: in two processes', async () => {
    await using other = open()
    const slow = step('echo shared; sleep 1; date +%N > /home/user/shared')
    const all = await Promise.all([prepare([slow]), prepare([slow], other)])
    expect(all[0].image).toEqual(all[1].image)
    expect(all.map(({ log }) => log).toSorted()).toEqual(['', 'shared\n'])
  })

  test('the build of a process that died is taken over', async () => {
    await using dead = open({ owner: thisProcess().replace(/\d+$/, '1') })
    const slow = step('echo "$(date +%N)"; sleep 2')
    const abandoned = new AbortController()
    const lost = prepare([slow], dead, abandoned.signal).catch(() => {})
    await sleep(1500)
    const taken = await prepare([slow])
    expect(taken.log).toMatch(/^\d+\n$/)
    abandoned.abort(new Error('gone'))
    await lost
  })
})

describe('a step that fails', () => {
  test.each(['image_build_failed', 'environment_setup_failed', 'workspace_seed_failed', 'workspace_setup_failed'] as const)(
    '%s tells command and log, and is not tried again for the next run',
    async (blame) => {
      const run = `echo "before ${blame}"; echo problem >&2; exit 4`
      const failing = () => prepare([step(run, { blame })])
      await expect(failing()).rejects.toMatchObject({
        code: blame,
        command: run,
        log: `before ${blame}\nproblem\n`,
        message: expect.stringContaining('4'),
      })
      const began = performance.now()
      await expect(failing()).rejects.toMatchObject({ code: blame })
      expect(performance.now() - began).toBeLessThan(50)
    },
  )

  test('keeps the end of a long log', async () => {
    const run = 'seq 1 100000; echo the reason; exit 1'
    const failed = await prepare([step(run)]).catch((thrown) => thrown)
    expect(failed.log.length).toBeLessThan(10_000)
    expect(failed.log).toMatch(/99999\n100000\nthe reason\n$/)
  })

  test('also one that kills its own sandbox', async () => {
    await expect(prepare([step('sudo kill -9 -1')])).rejects.toMatchObject({ code: 'environment_setup_failed' })
  })
})

test('an abort stops a build promptly and leaves nothing; whoever else waits still gets it', async () => {
  await using lone = open()
  const slow = step('echo "waiting"; sleep 3; echo done')
  const abort = new AbortController()
  const impatient = prepare([slow], lone, abort.signal)
  const patient = prepare([slow], lone)
  await sleep(700)
  abort.abort(new Error('enough'))
  const began = performance.now()
  await expect(impatient).rejects.toThrow('enough')
  expect(performance.now() - began).toBeLessThan(500)
  expect((await patient).log).toBe('waiting\ndone\n')

  const stopped = new AbortController()
  const building = prepare([step('sleep 60')], lone, stopped.signal)
  await sleep(700)
  stopped.abort(new Error('enough'))
  await expect(building).rejects.toThrow('enough')
  await lone[Symbol.asyncDispose]()
  const after = (await sandboxes.leftovers()).filter(({ owner, kind }) => kind === 'build' && owner === thisProcess())
  expect(after).toEqual([])
})

test('pruning leaves what was used today', async () => {
  const { image } = await prepare([step('echo to be kept')])
  await sandboxes.prune(1)
  await docker('docker', ['image', 'inspect', image.id])
})

test('the last use is the last tagging, else the making', () => {
  const Created = '2026-01-01T00:00:00Z'
  expect(lastUse({ Created })).toBe(Date.UTC(2026, 0, 1))
  expect(lastUse({ Created, Metadata: { LastTagTime: '0001-01-01T00:00:00Z' } })).toBe(Date.UTC(2026, 0, 1))
  expect(lastUse({ Created, Metadata: { LastTagTime: '2026-02-01T00:00:00Z' } })).toBe(Date.UTC(2026, 1, 1))
})
