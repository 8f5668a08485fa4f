import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApp } from '../support/app.ts'
import { type Hub, openHub } from '../support/github/hub.ts'
import { freshDatabase } from '../support/postgres.ts'
import { there } from '../support/there.ts'

const name = 'acme/agents'
const answering = (answer: string) => ({ 'agents/hello/main.py': `def run(user, **_):\n    return ${JSON.stringify(answer)}\n` })
const files = {
  ...answering('please wait'),
  'agents/hello/agent.yaml':
    'apiVersion: proctor/v1\nkind: PythonFunction\nname: hello\nentrypoint: run\nentrypoint_file: main.py\nsource: {file: main.py}\n',
  'agents/hello/evals/first.yaml':
    'apiVersion: proctor/v1\nkind: Eval\nname: first\ndataset: first.csv\njudge: none\ngate: {min_pass_rate: 1}\nscorers: [{name: polite, type: response, contains: please}]\n',
  'agents/hello/evals/first.csv': 'user\nGreet me\nSend me away\n',
}
const patience = { timeout: 120_000 }

/** From the installation to the release, on a database of each kind, with real sandboxes and real git. */
describe.each(['embedded', 'server'] as const)('on the %s database', (database) => {
  const closing = new AsyncDisposableStack()
  let hub: Hub
  let repo: Awaited<ReturnType<Hub['repository']>>
  let app: Awaited<ReturnType<typeof openApp>>
  const pull = { number: 0, head: '' }

  beforeAll(async () => {
    hub = closing.use(await openHub())
    repo = await hub.repository(name, { isPrivate: true })
    const databaseUrl = database === 'server' ? closing.use(await freshDatabase()).url : undefined
    app = closing.use(await openApp(hub, { databaseUrl }))
  }, 90_000)
  afterAll(() => closing.disposeAsync(), 60_000)

  /** As branch protection sees them: of those with one name the newest. */
  async function checks(sha: string): Promise<readonly string[]> {
    const newest = new Map((await hub.checkRuns(name, sha)).map((run) => [String(run.name), run] as const))
    return [...newest.values()].map(({ name, status, conclusion }) => `${name}: ${status === 'completed' ? conclusion : status}`).sort()
  }
  const become = (sha: string, ...expected: readonly string[]) =>
    expect.poll(() => checks(sha), { timeout: 60_000, interval: 300 }).toEqual([...expected].sort())
  const aggregate = async (sha: string) =>
    there((await hub.checkRuns(name, sha)).findLast((run) => run.name === 'proctor')) as {
      readonly id: number
      readonly output: { readonly title: string; readonly summary: string }
      readonly actions?: unknown
    } // of GitHub's shape
  const runs = async () => (await app.store.evaluations.live()).length

  test('installed, it knows the organisation and its repositories', patience, async () => {
    hub.install('acme')
    await expect
      .poll(async () => (await app.store.installations.active()).map(({ account }) => account), { timeout: 20_000 })
      .toEqual(['acme'])
    await expect
      .poll(() => app.store.installations.repoNamed('ACME', 'Agents'), { timeout: 20_000 })
      .toMatchObject({ owner: 'acme', name: 'agents' })
  })

  test('a push to the default branch', patience, async () => {
    await repo.commit(files)
    const { after } = await repo.push()
    await become(after, 'proctor: success', 'proctor / hello / first: success')
  })

  test('a pull request that makes the agent worse', patience, async () => {
    repo.branch('worse')
    pull.head = await repo.commit(answering('go away'))
    await repo.push()
    pull.number = (await repo.open({ head: 'worse' })).number
    await become(pull.head, 'proctor: failure', 'proctor / hello / first: failure')
    expect((await aggregate(pull.head)).output.title).toContain('2 regressions')
    await expect.poll(() => hub.comments(name, pull.number), { timeout: 20_000 }).toMatchObject([{ user: { login: 'proctor[bot]' } }])
  })

  test('a button runs what failed once more, for who may write and for nobody else', patience, async () => {
    const { id } = await aggregate(pull.head)
    const before = (await hub.checkRuns(name, pull.head)).length
    await hub.asUser('stranger').press(name, id, 'rerun-failed')
    await hub.delivered()
    await hub.asUser('octocat').press(name, id, 'rerun-failed')
    await expect.poll(async () => (await hub.checkRuns(name, pull.head)).length, { timeout: 60_000 }).toBe(before + 2)
    await become(pull.head, 'proctor: failure', 'proctor / hello / first: failure')
    expect((await hub.checkRuns(name, pull.head)).length).toBe(before + 2)
  })

  test('comments: once more with other numbers beside the verdict, an answer that says so, and what fails accepted', patience, async () => {
    const say = (body: string) => hub.asUser('octocat').createComment(name, pull.number, body)
    const texts = async () => (await hub.comments(name, pull.number)).map(({ body }) => String(body))
    await say('/proctor run first --epochs 2')
    await become(
      pull.head,
      'proctor: failure',
      'proctor / hello / first: failure',
      'proctor run: failure',
      'proctor run / hello / first: failure',
    )
    await expect.poll(async () => (await texts()).join(), { timeout: 20_000 }).toContain('it decides nothing')
    await say('/proctor accept')
    await expect.poll(async () => (await aggregate(pull.head)).output.title, { timeout: 60_000 }).not.toContain('regression')
    await expect.poll(async () => (await texts()).join(), { timeout: 20_000 }).toContain('Accepted: what fails now')
  })

  test('a newer commit takes the place of the one that is under way', patience, async () => {
    const slow = 'import time\n\ndef run(user, **_):\n    time.sleep(45)\n    return "please"\n'
    const first = await repo.commit({ 'agents/hello/main.py': slow })
    await repo.push()
    await expect.poll(() => checks(first), { timeout: 60_000 }).toContain('proctor: in_progress')
    const second = await repo.commit(answering('please, do'))
    await repo.push()
    await become(first, 'proctor: cancelled', 'proctor / hello / first: cancelled')
    await become(second, 'proctor: success', 'proctor / hello / first: success')
    await expect.poll(runs, { timeout: 20_000 }).toBe(0)
  })

  test('a fork runs nothing before somebody approves exactly its commit', patience, async () => {
    const fork = await hub.repository('member/agents', { forkOf: name })
    fork.git('pull', '--quiet', repo.bare, 'main')
    fork.branch('theirs')
    const sha = await fork.commit(answering('please, and thank you'))
    await fork.push()
    await repo.open({ head: 'member:theirs' }, 'member')
    await become(sha, 'proctor: action_required')
    const { id, output } = await aggregate(sha)
    expect(output.summary).toContain(sha)
    await hub.asUser('stranger').press(name, id, 'approve-run')
    await hub.delivered()
    await hub.asUser('octocat').press(name, id, 'approve-run')
    await become(sha, 'proctor: success', 'proctor / hello / first: success')
  })

  test('two changes that each bring an image of their own have them built one after the other, and lose no run', patience, async () => {
    const image = (text: string) =>
      `${files['agents/hello/agent.yaml']}environment:\n  dockerfile: |\n    RUN sleep 3; echo ${text} ${database} > said\n`
    const reading = 'def run(user, **_):\n    return "please, " + open("/home/user/said").read()\n'
    const changes: string[] = []
    for (const text of ['one', 'two']) {
      repo.branch(`image-${text}`, 'main')
      changes.push(await repo.commit({ 'agents/hello/agent.yaml': image(text), 'agents/hello/main.py': reading }))
      await repo.push()
      await repo.open({ head: `image-${text}` })
    }
    for (const sha of changes) await become(sha, 'proctor: success', 'proctor / hello / first: success')
  })

  test('a broken file is a check run that names its line', patience, async () => {
    repo.branch('broken', 'main')
    const sha = await repo.commit({ 'agents/hello/agent.yaml': 'apiVersion: proctor/v1\nkind: PythonFunction\nnaem: hello\n' })
    await repo.push()
    await repo.open({ head: 'broken' })
    await become(sha, 'proctor: action_required')
    expect((await aggregate(sha)).output.summary).toMatch(/naem[\s\S]*agents\/hello\/agent\.yaml:3|agents\/hello\/agent\.yaml:3[\s\S]*naem/)
  })

  test('a release of a commit that was examined has the verdict in its notes, and nothing is run again', patience, async () => {
    repo.branch('main')
    const { after } = await repo.push()
    await repo.tag('v1.0.0')
    await hub.delivered()
    await hub.asUser('octocat').publish(name, { tag_name: 'v1.0.0', name: 'One', body: 'What is new.' })
    const before = (await hub.checkRuns(name, after)).length
    await expect.poll(async () => (await hub.releases(name))[0]?.body, { timeout: 60_000 }).toMatch(/What is new\.[\s\S]*proctor/)
    expect((await hub.checkRuns(name, after)).length).toBe(before)
    const { id } = there(await app.store.installations.repoNamed('acme', 'agents'))
    expect(await app.store.agents.of(id)).toMatchObject([{ slug: 'hello' }])
    expect(await app.store.agents.versions(id, 'hello')).toMatchObject([{ tag: 'v1.0.0', commit: after, publishedAt: expect.any(Date) }])
  })

  test('Re-run, of one check run and of all of a commit', patience, async () => {
    const sha = repo.git('rev-parse', 'main').trim()
    for (const rerun of [
      async () => hub.asUser('octocat').rerun(name, (await aggregate(sha)).id),
      () => hub.asUser('octocat').rerunAll(name, sha),
    ]) {
      const before = (await hub.checkRuns(name, sha)).length
      await rerun()
      await expect.poll(async () => (await hub.checkRuns(name, sha)).length, { timeout: 60_000 }).toBe(before + 2)
      await become(sha, 'proctor: success', 'proctor / hello / first: success')
    }
  })

  test('a merge queue is told whether what it is about to merge holds', patience, async () => {
    const ref = 'gh-readonly-queue/main/pr-1'
    repo.branch(ref, 'main')
    const sha = await repo.commit(answering('go away, please'))
    await repo.push()
    const merge_group = {
      ...{ head_sha: sha, head_ref: `refs/heads/${ref}`, base_sha: repo.git('rev-parse', 'main').trim(), base_ref: 'refs/heads/main' },
      head_commit: {},
    }
    hub.tell({ event: 'merge_group', action: 'checks_requested', repo: name, sender: 'octocat', body: { merge_group } })
    await become(sha, 'proctor: success', 'proctor / hello / first: success')
  })

  test('GitHub was asked for nothing that it would not understand', () => {
    expect(hub.violations).toEqual([])
    expect(hub.wrongAnswers).toEqual([])
  })
})
