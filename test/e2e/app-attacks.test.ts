import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blobShelf } from '../../app/blob-shelf.ts'
import { folderBlobs } from '../../runner/adapters/preset.ts'
import { openApp, webhookSecret } from '../support/app.ts'
import { deliver, type Letter } from '../support/deliver.ts'
import { type Hub, openHub } from '../support/github/hub.ts'
import { freshDatabase } from '../support/postgres.ts'
import { there } from '../support/there.ts'

const name = 'acme/agents'
const answering = (answer: string) => ({ 'agents/hello/main.py': `def run(user, **_):\n    return ${JSON.stringify(answer)}\n` })
const agentFile = 'apiVersion: proctor/v1\nkind: PythonFunction\nname: hello\nentrypoint: run\nentrypoint_file: main.py\n'
const evalFile = (word: string) =>
  `apiVersion: proctor/v1\nkind: Eval\nname: first\ndataset: first.csv\njudge: none\ngate: {min_pass_rate: 1}\nscorers: [{name: polite, type: response, contains: ${word}}]\n`
const files = {
  ...answering('please wait'),
  'agents/hello/agent.yaml': `${agentFile}source: {file: main.py}\n`,
  'agents/hello/evals/first.yaml': evalFile('please'),
  'agents/hello/evals/first.csv': 'user\nGreet me\n',
}
const patience = { timeout: 240_000 }
const closing = new AsyncDisposableStack()
let hub: Hub
let repo: Awaited<ReturnType<Hub['repository']>>
let app: Awaited<ReturnType<typeof openApp>>

beforeAll(async () => {
  hub = closing.use(await openHub())
  repo = await hub.repository(name, { isPrivate: true })
  app = closing.use(await openApp(hub, { databaseUrl: closing.use(await freshDatabase()).url }))
  hub.install('acme')
  await repo.commit(files)
}, 180_000)
afterAll(() => closing.disposeAsync(), 60_000)

test('what is attacked works', patience, async () => {
  const { after } = await repo.push()
  await become(after, { proctor: 'success', 'proctor / hello / first': 'success' })
})

const newest = async (sha: string) => new Map((await hub.checkRuns(name, sha)).map((run) => [String(run.name), run] as const))
const checks = async (sha: string) =>
  Object.fromEntries([...(await newest(sha))].map(([name, { status, conclusion }]) => [name, status === 'completed' ? conclusion : status]))
const become = (sha: string, expected: Readonly<Record<string, string>>) =>
  expect.poll(() => checks(sha), { timeout: 100_000, interval: 300 }).toEqual(expected)
const aggregate = async (sha: string) => {
  const { id, output } = there((await newest(sha)).get('proctor'))
  return { id: Number(id), text: JSON.stringify(output) }
}
const evaluationsOf = async (sha: string) =>
  app.store.evaluations.ofCommit(there(await app.store.installations.repoNamed('acme', 'agents')).id, sha)
const send = (letter: Letter) => deliver(app.url, letter)

/** A pull request of the organisation's own. Gives its head. */
async function pull(branch: string, change: Readonly<Record<string, string | null>>, title = 'a change'): Promise<string> {
  repo.branch(branch, 'main')
  const sha = await repo.commit(change)
  await repo.push()
  await repo.open({ head: branch, title })
  return sha
}

describe('a delivery', () => {
  const ping = () => ({ zen: randomUUID() })

  test.each<readonly [string, Partial<Letter>]>([
    ['is signed by somebody else', { secret: 'another-secret-of-thirty-two-chars' }],
    ['has the signature of another body', { signature: `sha256=${'ab'.repeat(32)}` }],
    ['has a signature of nothing', { signature: 'sha256=' }],
    ['has none', { signature: null }],
  ])('that %s is not kept', async (_, forged) => {
    const id = randomUUID()
    const { status, text } = await send({ event: 'push', body: ping(), id, ...forged })
    expect([400, 401]).toContain(status)
    expect(text).not.toMatch(new RegExp(`${webhookSecret}|at .*\\.ts|node_modules`))
    expect(await app.store.deliveries.find(id)).toBeUndefined()
  })

  test.each([
    ['by what it says of itself, before a byte of it is read', { 'content-length': String(26 * 2 ** 20) }, 0],
    ['by what comes, when it says nothing', {}, 26],
  ])('that is too large is refused %s, and the next one is taken', async (_, headers, megabytes) => {
    const asking = request(`${app.url}/api/github/webhooks`, { method: 'POST', headers: { ...headers, 'x-github-event': 'push' } })
    const answered = once(asking, 'response') as Promise<[IncomingMessage]> // as node gives it
    asking.flushHeaders()
    for (let at = 0; at < megabytes && !asking.destroyed; at++) asking.write(Buffer.alloc(2 ** 20))
    const [{ statusCode }] = await answered
    asking.destroy()
    expect(statusCode).toBe(413)
    expect((await send({ event: 'create', body: ping() })).status).toBeLessThan(300)
  })

  test('that comes again, by its id or by its body under a new one, is kept once', async () => {
    const [id, body] = [randomUUID(), ping()]
    for (const letter of [
      { id, body },
      { id, body },
      { id: randomUUID(), body },
      { id, body: ping() },
    ])
      expect((await send({ event: 'create', ...letter })).status).toBeLessThan(300)
    expect(await app.store.deliveries.find(id)).toMatchObject({ body })
  })

  test('whose body is of another event does nothing', async () => {
    const { request: sent } = there(hub.deliveries.find(({ event }) => event === 'push'))
    const id = randomUUID()
    await send({ event: 'pull_request', id, body: sent.payload })
    await expect.poll(async () => (await app.store.deliveries.find(id))?.state, { timeout: 20_000 }).toBe('ignored')
  })
})

test('names are names: of branches, tags, titles, comments and files', patience, async () => {
  const planted = join(tmpdir(), `planted-${randomUUID()}`)
  const run = `$(touch\${IFS}${planted})`
  const sha = await pull(
    `x;touch\${IFS}${planted}`,
    { ...answering('please do'), [`agents/hello/\n${run.replaceAll('/', ':')}`]: 'x', '--upload-pack=touch planted': 'x', '"`b&|': 'x' },
    `"; touch ${planted} #\n::error::${run}`,
  )
  await become(sha, { proctor: 'success', 'proctor / hello / first': 'success' })
  const named = { v: `v1.0.0;touch\${IFS}${planted}`, one: `hello@1.0.0${run}` }
  for (const [branch, tag] of Object.entries(named)) {
    repo.branch(branch, 'main')
    const tagged = await repo.commit(answering(`please, ${branch}`))
    await repo.tag(tag)
    await become(tagged, { proctor: 'success', 'proctor / hello / first': 'success' })
    expect(await evaluationsOf(tagged)).toMatchObject([{ tag, ref: tag }])
  }
  // No tag of git's can be called so; whoever can sign a delivery says it all the same.
  for (const tag of [`--upload-pack=touch ${planted}`, '../../../etc/passwd', `-ohello@1.0.0`]) {
    const body = { ref: tag, ref_type: 'tag', master_branch: 'main', description: null, pusher_type: 'user' }
    hub.tell({ event: 'create', repo: name, sender: 'octocat', body })
  }
  await hub.delivered()
  await hub.asUser('octocat').createComment(name, 1, `/proctor run \`touch ${planted}\` $(touch ${planted})`)
  await hub.delivered()
  await expect.poll(async () => (await app.store.deliveries.open(new Date())).length, { timeout: 30_000 }).toBe(0)
  expect(existsSync(planted)).toBe(false)
})

describe('a fork', () => {
  let fork: Awaited<ReturnType<Hub['repository']>>
  beforeAll(async () => {
    fork = await hub.repository('member/agents', { forkOf: name })
    fork.git('pull', '--quiet', repo.bare, 'main')
  })

  test('that changes the configuration, the eval and its data is examined with those of the base', patience, async () => {
    fork.branch('cheat')
    const sha = await fork.commit({
      ...answering('go away'),
      'agents/hello/evals/first.yaml': evalFile('go').replace('min_pass_rate: 1', 'min_pass_rate: 0'),
      'agents/hello/evals/first.csv': 'user\nSend me away\nAnd me\n',
      '.github/proctor.yml': 'apiVersion: proctor/v1\ngrants: [{agent: "*", network: open, credentials: {DEPLOY: {}}}]\n',
    })
    await fork.push()
    await repo.open({ head: 'member:cheat' }, 'member')
    await become(sha, { proctor: 'action_required' })
    await hub.asUser('octocat').press(name, (await aggregate(sha)).id, 'approve-run')
    await become(sha, { proctor: 'failure', 'proctor / hello / first': 'failure' })
    const [evaluation] = await evaluationsOf(sha)
    const results = await app.store.results.counts(there(evaluation).id)
    expect(results.fail, 'the one row of the base').toBeGreaterThan(0)
  })

  test('that is approved while it is pushed to is not run: the approval was of another commit', patience, async () => {
    fork.branch('race', 'main')
    const old = await fork.commit(answering('please'))
    await fork.push()
    await repo.open({ head: 'member:race' }, 'member')
    await become(old, { proctor: 'action_required' })
    const { id } = await aggregate(old)
    const sha = await fork.commit(answering('please, evil'))
    await new Promise((done) => setTimeout(done, 1100)) // GitHub counts seconds
    await fork.push()
    await become(sha, { proctor: 'action_required' })
    await hub.asUser('octocat').press(name, id, 'approve-run')
    await hub.delivered()
    await expect.poll(async () => (await app.store.deliveries.open(new Date())).length, { timeout: 30_000 }).toBe(0)
    expect((await evaluationsOf(sha)).map(({ state, approvedBy }) => ({ state, approvedBy }))).toEqual([
      { state: 'waiting', approvedBy: null },
    ])
    expect((await evaluationsOf(old)).map(({ state, approvedBy }) => ({ state, approvedBy }))).toEqual([
      { state: 'cancelled', approvedBy: null },
    ])
  })
})

describe('a head that', () => {
  const agent = (more: string) => ({ 'agents/hello/agent.yaml': `${agentFile}source: {file: main.py}\n${more}` })

  test.each<readonly [string, Readonly<Record<string, string>>, RegExp]>([
    ['opens its network', agent('environment: {network: open}\n'), /agent_not_granted/],
    ['binds a credential', agent('environment: {env: {TOKEN: {credential: DEPLOY_KEY}}}\n'), /agent_not_granted[\s\S]*DEPLOY_KEY/],
    [
      'grants it to itself',
      {
        ...agent('environment: {env: {TOKEN: {credential: DEPLOY_KEY}}}\n'),
        '.github/proctor.yml': 'apiVersion: proctor/v1\ngrants: [{agent: hello, credentials: {DEPLOY_KEY: {}}}]\n',
      },
      /agent_not_granted[\s\S]*DEPLOY_KEY/,
    ],
  ])('%s needs somebody to act, and nothing of it is run', patience, async (what, change, said) => {
    await app.store.credentials
      .set({ organisation: 'acme', name: 'DEPLOY_KEY', value: 'of-the-organisation', by: 'octocat' })
      .catch(() => {})
    const sha = await pull(`head-${what.replaceAll(' ', '-')}`, change)
    await become(sha, { proctor: 'action_required' })
    expect((await aggregate(sha)).text).toMatch(said)
    const [evaluation] = await evaluationsOf(sha)
    expect(evaluation).toMatchObject({ state: 'failed', planId: null })
    expect(await app.store.chunks.of(there(evaluation).id)).toEqual([])
  })

  test('names an address inside as its source makes nobody ask there', patience, async () => {
    let connections = 0
    const inside = createServer((_, response) => void response.end('secret')).on('connection', () => {
      connections += 1
    })
    await new Promise<void>((ready) => inside.listen(0, '127.0.0.1', ready))
    try {
      const { port } = inside.address() as AddressInfo // listening on TCP
      const urls = [
        `http://127.0.0.1:${port}/x.git`,
        `https://127.0.0.1:${port}/x.git`,
        `https://localhost:${port}/x.git`,
        'https://169.254.169.254/latest/x.git',
        'file:///etc/x.git',
        'ext::sh -c touch% /tmp/planted',
      ]
      for (const [at, url] of urls.entries()) {
        const sha = await pull(`inside-${at}`, {
          'agents/hello/agent.yaml': `${agentFile}source: {git: {url: ${JSON.stringify(url)}, ref: main}}\n`,
        })
        await expect
          .poll(() => checks(sha), { timeout: 60_000 })
          .toMatchObject({ proctor: expect.stringMatching(/action_required|neutral|failure/) })
        const [evaluation] = await evaluationsOf(sha)
        expect(await app.store.chunks.of(there(evaluation).id), url).toEqual([])
      }
      expect(connections).toBe(0)
      await fetch(`http://127.0.0.1:${port}/`)
      expect(connections, 'it would have been seen').toBe(1)
    } finally {
      inside.close()
    }
  })
})

test('a configuration that takes another one’s over is an error, and that one is not read', patience, async () => {
  repo.branch('extends', 'main')
  const sha = await repo.commit({ '.github/proctor.yml': 'apiVersion: proctor/v1\n_extends: rival/secrets\n' })
  repo.git('branch', '-f', 'main', sha)
  const before = hub.requests.length
  await repo.push('main')
  await become(sha, { proctor: 'action_required' })
  expect((await aggregate(sha)).text).toMatch(/_extends/)
  expect(hub.requests.slice(before).filter(({ path }) => path.includes('rival'))).toEqual([])
})

describe('a blob whose name leads out of its folder', () => {
  const digests = ['sha256:../../../etc/passwd', 'sha256:..', `sha256:${'../'.repeat(21)}a`] as const

  test.each(digests)('%s is not read', async (digest) => {
    await expect(folderBlobs(app.data).get({ digest, bytes: 1, name: 'x' })).rejects.toThrow()
  })

  test('is not removed', async () => {
    const kept = join(app.data, 'blobs', 'kept')
    await writeFile(kept, 'x')
    for (const digest of [...digests, 'sha256:kept', 'sha256:../blobs/kept'] as const) await blobShelf(app.data).remove(digest)
    expect(existsSync(kept)).toBe(true)
  })
})
