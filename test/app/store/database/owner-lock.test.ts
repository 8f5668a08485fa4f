import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownDatabase } from '../../../../app/store/database/owner-lock.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'proctor-owner-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))
let count = 0
const fresh = () => join(root, `data-${count++}`)

type Owner = Disposable & { readonly said: Promise<string>; kill(): Promise<void>; stop(): void; go(): void }

function owner(folder: string): Owner {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'owner.ts'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  if (!child.stdout) throw new Error('no stdout')
  const said = once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line))
  return {
    said,
    async kill() {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    stop: () => void child.kill('SIGSTOP'),
    go: () => void child.kill('SIGCONT'),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

test('a second owner is refused and told who has it; when the first lets go, the next gets it', async () => {
  const folder = fresh()
  {
    await using _ = await ownDatabase(folder)
    await expect(ownDatabase(folder)).rejects.toMatchObject({
      code: 'database_in_use',
      message: expect.stringContaining(String(process.pid)),
    })
    using other = owner(folder)
    expect(await other.said).toMatch(/^database_in_use: .* is in use by process \d+/)
  }
  await using _ = await ownDatabase(folder)
  expect(await readdir(join(folder, 'owner'))).toHaveLength(1)
})

test('after kill -9 the next takes over, and nothing of the dead is left', async () => {
  const folder = fresh()
  for (let round = 0; round < 3; round++) {
    using first = owner(folder)
    expect(await first.said).toBe('owning')
    await first.kill()
  }
  await using _ = await ownDatabase(folder)
  expect(await readdir(join(folder, 'owner'))).toHaveLength(1)
})

test('one that is stopped, and answers nobody, still owns it', async () => {
  const folder = fresh()
  using first = owner(folder)
  expect(await first.said).toBe('owning')
  first.stop()
  await expect(ownDatabase(folder)).rejects.toMatchObject({ code: 'database_in_use' })
  first.go()
})

test('never two, however many come at the same moment, and one that comes later gets in', async () => {
  const folder = fresh()
  for (let round = 0; round < 4; round++) {
    const crowd = Array.from({ length: 6 }, () => owner(folder))
    const said = await Promise.all(crowd.map((one) => one.said))
    expect(said.filter((text) => text === 'owning').length).toBeLessThanOrEqual(1)
    for (const text of said.filter((text) => text !== 'owning')) expect(text).toContain('database_in_use')
    for (const one of crowd) await one.kill().catch(() => {})
  }
  await using _ = await ownDatabase(folder)
})

test("files that are no sockets, and sockets of processes that died halfway, are in nobody's way", async () => {
  const folder = fresh()
  await mkdir(join(folder, 'owner'), { recursive: true })
  await writeFile(join(folder, 'owner', '1-notes'), 'hello')
  const half = createServer()
  half.listen(join(folder, 'owner', '.1-half'))
  await once(half, 'listening')
  await using _ = await ownDatabase(folder)
  half.close()
})

test("a folder deeper than a socket's path may be long is owned as well", async () => {
  const folder = join(fresh(), 'd'.repeat(90), 'e'.repeat(90))
  await using _ = await ownDatabase(folder)
  await expect(ownDatabase(folder)).rejects.toMatchObject({ code: 'database_in_use' })
})
