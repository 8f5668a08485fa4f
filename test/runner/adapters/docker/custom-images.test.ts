import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DockerSandboxes } from '../../../../runner/adapters/docker/docker.ts'
import type { BuildTurns } from '../../../../runner/adapters/docker/images/build-turns.ts'
import { thisProcess } from '../../../../runner/adapters/docker/owner.ts'
import type { Layer } from '../../../../runner/domain/environment.ts'
import { never, profile, shell } from '../../../contract/sandboxes.ts'
import { customRecipe } from '../../../support/custom-recipe.ts'
import { there } from '../../../support/there.ts'
import { openTestDocker } from './open-test-docker.ts'

const docker = promisify(execFile)
let organisation: string
let imagesDir: string
let count = 0
let open: DockerSandboxes[] = []

/** Each test is an organisation of its own, so that none waits for another's build, and none outlives it. */
beforeEach(async () => {
  organisation = `custom-test-${process.pid}-${Date.now()}-${++count}`
  imagesDir = await mkdtemp(join(tmpdir(), 'proctor-test-images-'))
})
afterEach(async () => {
  const last = proctor()
  for (const { digest } of await last.images.list([])) await last.images.remove(digest, { force: true })
  for (const one of open) await one[Symbol.asyncDispose]()
  open = []
  await rm(imagesDir, { recursive: true, force: true })
})

/** A proctor, as far as anybody can tell from outside: what it knows of others it has from engine and folder. */
function proctor(more: { organisation?: string; trust?: string; turns?: BuildTurns } = {}) {
  const one = openTestDocker({ organisation, imagesDir, ...more })
  open.push(one)
  return one
}

/** What a run does, with the log it sees. */
async function prepare(from: DockerSandboxes, body: string, { of = 'agent', more = [] as Layer[], signal = never } = {}) {
  const log: string[] = []
  const recipe = customRecipe(body)
  const custom = { layers: recipe.length - 1, of, onLog: (text: string) => log.push(text) }
  const image = await from.prepare([...recipe, ...more], { signal, custom })
  return { image, log: log.join('') }
}

/** What `proctor images build` does. `heard` gets the log as it comes. */
async function build(from: DockerSandboxes, body: string, { again = false, signal = never, heard = (_: string) => {} } = {}) {
  const log: string[] = []
  const onLog = (text: string) => heard(log[log.push(text) - 1] ?? '')
  return { built: await from.images.build({ recipe: customRecipe(body), of: 'agent' }, { again, signal, onLog }), log: log.join('') }
}
const states = async (from: DockerSandboxes, ...bodies: readonly string[]) =>
  (await from.images.list(bodies.map((body) => ({ recipe: customRecipe(body), of: 'agent' })))).map(({ state }) => state)

/** Starts another process's build and waits for a line of its log. */
async function neighbour(body: string, line: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'builds-an-image.ts'), organisation, imagesDir, body], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)
  const heard = new Promise<void>((done) => lines.on('line', (said) => said === line && done()))
  await Promise.race([heard, once(child, 'exit').then(([code]) => Promise.reject(new Error(`the neighbour ended with ${code}`)))])
  return child
}

describe('an image is built once', () => {
  test('from not built to ready, and found from then on by whoever has the same text', async () => {
    const one = proctor()
    const body = 'RUN date +%N > stamp; echo building'
    expect(await states(one, body)).toEqual(['not built'])
    const first = await prepare(one, body, { of: 'first' })
    expect(first.log).toBe('Step 1/1: RUN date +%N > stamp; echo building\nbuilding\n')
    const second = await prepare(proctor(), `# a comment\n${body}\n`, { of: 'second' })
    expect(second).toEqual({ image: first.image, log: '' })
    expect(await one.images.list([])).toEqual([
      expect.objectContaining({ state: 'ready', of: ['first', 'second'], bytes: expect.any(Number), since: expect.any(Number) }),
    ])
    expect(await build(one, body)).toEqual({ built: false, log: '' })
  })

  test('another organisation, trust or text is another image', async () => {
    const { image } = await prepare(proctor(), 'RUN date +%N > stamp')
    expect((await prepare(proctor({ trust: 'another' }), 'RUN date +%N > stamp')).image).not.toEqual(image)
    expect((await prepare(proctor({ organisation: `${organisation}-x` }), 'RUN date +%N > stamp')).image).not.toEqual(image)
    expect((await prepare(proctor(), 'RUN date +%N  > stamp')).image).not.toEqual(image)
  })

  test('asked for by many at once', async () => {
    const one = proctor()
    const all = await Promise.all(Array.from({ length: 4 }, () => prepare(one, 'RUN sleep 1; date +%N > stamp; echo made')))
    expect(new Set(all.map(({ image }) => image.id)).size).toBe(1)
    expect(all.map(({ log }) => log)).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/\nmade\n$/)))
  })

  test('several texts of one process are built one after the other', async () => {
    const one = proctor()
    const all = await Promise.all(['RUN sleep 1; echo a', 'RUN echo b', 'RUN echo c'].map((body) => prepare(one, body)))
    expect(all.map(({ log }) => log.at(-2))).toEqual(['a', 'b', 'c'])
    expect(await states(one)).toEqual(['ready', 'ready', 'ready'])
  })

  test('a longer text begins where a shorter one ended', async () => {
    const one = proctor()
    await prepare(one, 'RUN date +%N > stamp')
    const { log } = await prepare(one, 'RUN date +%N > stamp\nRUN echo more')
    expect(log).toBe('Step 1/2: RUN date +%N > stamp (built before)\nStep 2/2: RUN echo more\nmore\n')
  })
})

test('steps run as `user` with what ENV and WORKDIR say, and what comes after stands on them', async () => {
  const one = proctor()
  const body = `ENV GREETING=hello
RUN echo "$(id -un) in $PWD says $GREETING"
WORKDIR src/deep
RUN <<EOF
stat -c '%U %n' ~/src .
echo proof | sudo tee /etc/proof
EOF
WORKDIR /etc
ENV GREETING=bye
RUN ["sh", "-c", "echo $GREETING > ~/said; stat -c %U ."]`
  const step: Layer = { run: 'cat ~/said; echo "[$GREETING]"', as: 'user', network: 'none', blame: 'environment_setup_failed' }
  const recipe = customRecipe(body)
  const log: string[] = []
  const onLog = (text: string) => log.push(text)
  const image = await one.prepare([...recipe, step], {
    signal: never,
    onLog,
    custom: { layers: recipe.length - 1, of: 'agent', onLog: () => {} },
  })
  expect(log.join('')).toBe('bye\n[]\n')
  const [known] = await one.images.list([])
  expect(await one.images.log(there(known).digest)).toBe(`Step 1/5: RUN echo "$(id -un) in $PWD says $GREETING"
user in /home/user says hello
Step 2/5: WORKDIR src/deep
Step 3/5: RUN <<EOF stat -c '%U %n' ~/src . echo proof | sudo tee /etc/proof EOF
user /home/user/src
user .
proof
Step 4/5: WORKDIR /etc
Step 5/5: RUN ["sh", "-c", "echo $GREETING > ~/said; stat -c %U ."]
root
`)
  await using sandbox = await one.open(image, profile, never)
  expect((await shell(sandbox, 'cat /etc/proof')).stdout).toBe('proof\n')
})

describe('a build that fails', () => {
  const body = 'RUN echo step one\nRUN echo before; echo the problem >&2; exit 3'
  const failure = {
    code: 'image_build_failed',
    command: 'RUN echo before; echo the problem >&2; exit 3',
    log: 'before\nthe problem\n',
  }

  test('ends every run that needs it with its log, and is not built again by itself, in no process', async () => {
    const one = proctor()
    await expect(prepare(one, body)).rejects.toMatchObject({ ...failure, message: expect.stringMatching(/exited with 3/) })
    expect(await states(one)).toEqual(['failed'])
    for (const from of [one, proctor()])
      await expect(prepare(from, body)).rejects.toMatchObject({
        ...failure,
        message: expect.stringMatching(/failed .* ago; .*exited with 3/),
      })
    const [known] = await one.images.list([])
    expect(await one.images.log(there(known).digest)).toMatch(
      /^Step 1\/2: RUN echo step one\nstep one\nStep 2\/2: .*\nbefore\nthe problem\nA step of the environment exited with 3.*\n$/,
    )
  })

  test('also when its step ends the sandbox', async () => {
    await expect(prepare(proctor(), 'RUN sudo kill -9 -1')).rejects.toMatchObject({ code: 'image_build_failed' })
    expect(await states(proctor())).toEqual(['failed'])
  })
})

describe('a build again', () => {
  test('makes a new image, and anew what stands on it', async () => {
    const one = proctor()
    const more: Layer[] = [{ run: 'cp stamp copy', as: 'user', network: 'none', blame: 'environment_setup_failed' }]
    const copied = async (id: string) => (await docker('docker', ['run', '--rm', '--network', 'none', id, 'cat', 'copy'])).stdout
    const before = await prepare(one, 'RUN date +%s%N > stamp', { more })
    expect(await build(one, 'RUN date +%s%N > stamp', { again: true })).toMatchObject({ built: true })
    const after = await prepare(proctor(), 'RUN date +%s%N > stamp', { more })
    expect(await copied(after.image.id)).not.toBe(await copied(before.image.id))
  })

  test('that fails leaves no way back to the old image, until one succeeds', async () => {
    const one = proctor()
    const body = 'RUN echo begun; until [ -e /tmp/go ]; do sleep 0.1; done; exit $(cat /tmp/go)'
    const ending = (code: number) => (text: string) => text.startsWith('begun') && void letGo(code)
    await build(one, body, { heard: ending(0) })
    expect(await states(one)).toEqual(['ready'])
    await expect(build(one, body, { again: true, heard: ending(1) })).rejects.toMatchObject({ code: 'image_build_failed' })
    expect(await states(one)).toEqual(['failed'])
    await expect(prepare(one, body)).rejects.toMatchObject({ code: 'image_build_failed' })
    expect((await build(one, body, { heard: ending(0) })).log).toContain('begun')
    expect(await states(one)).toEqual(['ready'])
    expect((await prepare(one, body)).log).toBe('')
  })

  async function letGo(code: number) {
    const [known] = await proctor().images.list([])
    const { stdout } = await docker('docker', ['ps', '--quiet', '--filter', `label=proctor.run=${known?.digest}`])
    await docker('docker', ['exec', stdout.trim(), 'sh', '-c', `echo ${code} > /tmp/.go; mv /tmp/.go /tmp/go`])
  }
})

describe('while another process builds', () => {
  test('who needs the same image finds it not ready, who needs another cannot build it, and a second build is busy', async () => {
    const one = proctor()
    await prepare(one, 'RUN echo there already')
    const body = 'RUN echo begun; sleep 60'
    const child = await neighbour(body, 'begun')
    try {
      const message = expect.stringMatching(new RegExp(`by process ${child.pid}, for .* so far`))
      expect(await states(one)).toEqual(['building', 'ready'])
      await expect(prepare(one, body)).rejects.toMatchObject({ code: 'image_not_ready', message })
      await expect(prepare(one, 'RUN echo other')).rejects.toMatchObject({ code: 'image_not_ready', message })
      await expect(build(one, body)).rejects.toMatchObject({ code: 'image_build_busy', message })
      await expect(build(one, 'RUN echo other')).rejects.toMatchObject({ code: 'image_build_busy', message })
      await expect(build(one, 'RUN echo there already', { again: true })).rejects.toMatchObject({ code: 'image_build_busy', message })
      expect((await prepare(one, 'RUN echo there already')).log).toBe('')
      const [building] = await one.images.list([])
      await expect(one.images.remove(there(building).digest, { force: true })).rejects.toMatchObject({ code: 'image_build_busy' })
      expect(await one.images.log(there(building).digest)).toContain('\nbegun\n')
    } finally {
      child.kill('SIGKILL')
    }
    await once(child, 'exit')
    expect((await states(one)).toSorted()).toEqual(['not built', 'ready'])
    expect((await prepare(one, 'RUN echo other')).log).toContain('\nother\n')
  })

  test('another organisation does not wait', async () => {
    const child = await neighbour('RUN echo begun; sleep 60', 'begun')
    try {
      expect((await prepare(proctor({ organisation: `${organisation}-x` }), 'RUN echo mine')).log).toContain('\nmine\n')
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  test('what it built is ready once it has ended', async () => {
    const child = await neighbour('RUN echo begun; sleep 1', 'begun')
    await once(child, 'exit')
    expect((await prepare(proctor(), 'RUN echo begun; sleep 1')).log).toBe('')
  })
})

describe('where others build for the same organisation, on this machine and elsewhere', () => {
  /** Turns as a server gives them, one after the other. */
  function line() {
    let tail = Promise.resolve()
    const had: string[] = []
    const turns = (name: string, since = new Date(0)): BuildTurns => ({
      since,
      async take() {
        const turn = Promise.withResolvers<void>()
        const before = tail
        tail = before.then(() => turn.promise)
        await before
        had.push(`${name} has it`)
        return {
          [Symbol.asyncDispose]: async () => {
            had.push(`${name} is done`)
            turn.resolve()
          },
        }
      },
    })
    return { had, turns }
  }

  test('each waits for its turn, and what another has built meanwhile is taken', async () => {
    const { had, turns } = line()
    const body = 'RUN date +%N > stamp; echo building'
    const all = await Promise.all(
      ['a', 'b', 'c'].map((name) => prepare(proctor({ turns: turns(name) }), name === 'c' ? 'RUN echo other' : body)),
    )
    expect(all[0]?.image).toEqual(all[1]?.image)
    expect(all.map(({ log }) => log !== '').filter(Boolean), 'one of the two is built once').toHaveLength(2)
    expect(had).toHaveLength(6)
    for (let at = 0; at < had.length; at += 2) expect(had[at + 1]).toBe(had[at]?.replace('has it', 'is done'))
    // What is ready needs no turn.
    await prepare(proctor({ turns: turns('d') }), body)
    expect(had).toHaveLength(6)
  })

  test('also for a build that a person began on this machine', async () => {
    const body = 'RUN echo begun; sleep 2'
    const child = await neighbour(body, 'begun')
    const [same, other] = await Promise.all([body, 'RUN echo other'].map((text) => prepare(proctor({ turns: line().turns('a') }), text)))
    expect(same?.log).toBe('')
    expect(other?.log).toContain('\nother\n')
    if (child.exitCode === null) await once(child, 'exit')
  })

  test('a failure is everybody`s who asked before it, and built again for who asks after it', async () => {
    const { had, turns } = line()
    const body = 'RUN echo no >&2; exit 3'
    const before = new Date()
    await expect(prepare(proctor({ turns: turns('a', before) }), body)).rejects.toMatchObject({ code: 'image_build_failed' })
    const message = expect.stringContaining('the next evaluation tries again')
    await expect(prepare(proctor({ turns: turns('b', before) }), body)).rejects.toMatchObject({ code: 'image_build_failed', message })
    expect(had).toEqual(['a has it', 'a is done'])
    await expect(prepare(proctor({ turns: turns('c', new Date()) }), body)).rejects.toMatchObject({
      code: 'image_build_failed',
      message: expect.not.stringContaining('ago'),
    })
    expect(had).toHaveLength(4)
  })
})

test('an abort ends a build at once and leaves nothing; it is not built then', async () => {
  const one = proctor()
  const stop = new AbortController()
  const heard = (text: string) => text.startsWith('begun') && stop.abort(new Error('enough'))
  await expect(build(one, 'RUN echo begun; sleep 60', { signal: stop.signal, heard })).rejects.toThrow('enough')
  await one[Symbol.asyncDispose]()
  const next = proctor()
  expect(await states(next)).toEqual(['not built'])
  const left = await next.leftovers()
  expect(left.filter(({ owner, name }) => name.startsWith('proctor-build-image') && owner === thisProcess())).toEqual([])
})

describe('removing', () => {
  test('takes the image, what was made of it, and its state', async () => {
    const one = proctor()
    const more: Layer[] = [{ run: 'true', as: 'user', network: 'none', blame: 'environment_setup_failed' }]
    const { image } = await prepare(one, 'RUN true', { more })
    const [known] = await one.images.list([])
    const { digest } = there(known)
    await one.images.remove(digest, { force: false })
    expect(await one.images.list([])).toEqual([])
    expect(await one.images.log(digest)).toBeUndefined()
    for (const gone of [image.id, `proctor-snapshot:${digest}`])
      await expect(docker('docker', ['image', 'inspect', gone])).rejects.toThrow(/No such image/)
  })

  test('is refused while a sandbox runs on it, unless forced', async () => {
    const one = proctor()
    const { image } = await prepare(one, 'RUN true')
    const [known] = await one.images.list([])
    const { digest } = there(known)
    await using sandbox = await one.open(image, profile, never)
    const refused = one.images.remove(digest, { force: false })
    await expect(refused).rejects.toMatchObject({ code: 'usage_invalid', message: expect.stringContaining(sandbox.name) })
    expect(await states(one)).toEqual(['ready'])
    await one.images.remove(digest, { force: true })
    expect(await one.images.list([])).toEqual([])
    expect((await shell(sandbox, 'echo still here')).stdout).toBe('still here\n')
  })
})
