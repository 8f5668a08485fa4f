import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openArtifacts } from '../support/github/artifacts.ts'
import { type GitHubEvent, pushEvent, releaseEvent, workflowRunEvent } from '../support/github/events.ts'
import { openHub } from '../support/github/hub.ts'
import { pullRequestEvent } from '../support/github/pull-events.ts'
import { runAction } from '../support/github/runner.ts'
import { release } from '../support/release.ts'
import { there } from '../support/there.ts'
import { readAction, readWorkflow } from '../support/workflows.ts'

/**
 * The workflows that people copy, each job with exactly the rights that it names and no other, in a private repository, where reading takes
 * a right too. The bundle is what a release has.
 */
const artifacts = await openArtifacts()
const hub = await openHub({ artifacts })
const name = 'acme/agents'
const repo = await hub.repository(name, { isPrivate: true })
const common = { repo: name, serverUrl: hub.serverUrl, apiUrl: hub.apiUrl }
let action: string
let runs = 1000
/** Each starts sandboxes, some jobs one after the other. */
const patience = { timeout: 240_000 }

beforeAll(async () => {
  action = join(await release(), 'action.yml')
}, 300_000)
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await artifacts[Symbol.asyncDispose]()
})

const answering = (answer: string) => ({ 'agents/hello/main.py': `def run(user, **_):\n    return ${JSON.stringify(answer)}\n` })
const files = {
  ...answering('please wait'),
  'agents/hello/agent.yaml':
    'apiVersion: proctor/v1\nkind: PythonFunction\nname: hello\nentrypoint: run\nentrypoint_file: main.py\nsource: {file: main.py}\n',
  'agents/hello/evals/first.yaml':
    'apiVersion: proctor/v1\nkind: Eval\nname: first\ndataset: first.csv\njudge: none\ngate: {min_pass_rate: 1}\nscorers: [{name: polite, type: response, contains: please}]\n',
  'agents/hello/evals/first.csv': 'user\nGreet me\nSend me away\n',
}

type Started = { readonly run?: number; readonly inputs?: Readonly<Record<string, string>>; readonly isFork?: boolean }
/** One job of a workflow of the documents. */
async function job(path: string, jobName: string, event: GitHubEvent, { run = ++runs, inputs = {}, isFork = false }: Started = {}) {
  const { permissions, steps } = there(readWorkflow(path).jobs[jobName])
  const step = there(steps.find(({ uses }) => uses?.startsWith('OWNER/proctor@')))
  const asApi = Object.fromEntries(Object.entries(permissions).map(([key, level]) => [key.replaceAll('-', '_'), level]))
  const token = await hub.jobToken(name, { permissions: asApi, isFork })
  hub.git.allow(token, ...(permissions.contents ? [name] : []))
  const given = Object.fromEntries(Object.entries(step.with).map(([key, value]) => [key, String(value)]))
  return runAction({ action, event, ...common, artifacts, token, runId: run, job: jobName, inputs: { ...given, ...inputs } })
}

const [readme, publish, released, byHand] = ['proctor', 'proctor-publish', 'proctor-release', 'proctor-shards-by-hand'].map(
  (file) => `docs/workflows/${file}.yml`,
) as [string, string, string, string] // as many as there are names
const checks = async (sha: string) => (await hub.checkRuns(name, sha)).map(({ name, conclusion }) => `${name}: ${conclusion}`).sort()
let main: string

test('the one of the README: on the main branch', patience, async () => {
  main = await repo.commit(files)
  const { ref, before, after } = await repo.push()
  await using ended = await job(readme, 'proctor', pushEvent({ ...common, ref, before, after }))
  hub.workflowRun({ repo: name, id: runs, headSha: after, headBranch: 'main' })
  expect(ended).toMatchObject({ code: 0, outputs: { conclusion: 'success', passed: '2' }, post: { code: 0 } })
  expect(ended.log).not.toContain('sig=')
  expect([...Object.keys(ended.outputs), 'matrix'].sort()).toEqual(Object.keys(readAction().outputs).sort())
  expect(await checks(after)).toEqual(['proctor / hello / first: success', 'proctor: success'])
})

test('the one of the README: on a pull request that makes the agent worse', patience, async () => {
  repo.branch('worse')
  const sha = await repo.commit(answering('go away'))
  await repo.push()
  const { number, baseSha, mergeSha } = await repo.open({ head: 'worse' })
  const event = pullRequestEvent({ ...common, number, head: { sha, ref: 'worse' }, base: { sha: baseSha, ref: 'main' }, mergeSha })
  await using ended = await job(readme, 'proctor', event)
  expect(ended).toMatchObject({ code: 1, outputs: { conclusion: 'failure', failed: '2', regressions: '2' } })
  expect(await checks(sha)).toEqual(['proctor / hello / first: failure', 'proctor: failure'])
  expect(await hub.comments(name, 1)).toMatchObject([{ user: { login: 'github-actions[bot]' } }])
})

test('the one of the README: a second push mends it, and what was said is changed in place', patience, async () => {
  const [before] = await hub.comments(name, 1)
  repo.branch('worse')
  const sha = await repo.commit(answering('please, do'))
  await repo.push()
  const event = pullRequestEvent({
    ...common,
    number: 1,
    action: 'synchronize',
    head: { sha, ref: 'worse' },
    base: { sha: main, ref: 'main' },
    mergeSha: 'c'.repeat(40),
  })
  await using ended = await job(readme, 'proctor', event)
  expect(ended).toMatchObject({ code: 0, outputs: { conclusion: 'success', regressions: '0' } })
  expect(await checks(sha)).toEqual(['proctor / hello / first: success', 'proctor: success'])
  const after = await hub.comments(name, 1)
  expect(after).toMatchObject([{ id: before?.id, body: expect.stringContaining(sha.slice(0, 7)) }])
  expect(after[0]?.body).not.toBe(before?.body)
  // The older workflow run is tried again by somebody: it shows nothing over the newer result.
  await using _late = await job(readme, 'proctor', event, { run: 1 })
  expect(await hub.comments(name, 1)).toMatchObject([{ body: after[0]?.body }])
})

test('for forks: what a job without rights found is published by one that runs nothing', patience, async () => {
  const fork = await hub.repository('member/agents', { forkOf: name })
  fork.git('pull', '--quiet', repo.bare, 'main')
  fork.branch('theirs')
  const sha = await fork.commit(answering('yes, please'))
  await fork.push()
  const { number, baseSha, mergeSha } = await repo.open({ head: 'member:theirs' }, 'member')
  const head = { sha, ref: 'theirs', repo: 'member/agents' }
  const pull = pullRequestEvent({ ...common, number, head, base: { sha: baseSha, ref: 'main' }, mergeSha, author: 'member' })
  await using theirs = await job(readme, 'proctor', pull, { isFork: true })
  const run = runs
  expect(theirs).toMatchObject({ code: 0, outputs: { conclusion: 'success', 'check-url': '' } })
  expect(theirs.summary).toContain('hello')
  expect(await checks(sha)).toEqual([])
  hub.workflowRun({ repo: name, id: run, headSha: sha, headBranch: 'theirs', headRepo: 'member/agents', event: 'pull_request' })
  const event = workflowRunEvent({ ...common, id: run, sha: main, head: { sha, branch: 'theirs', repo: 'member/agents' } })
  await using ours = await job(publish, 'publish', event, { inputs: { comment: 'always' } })
  expect(ours).toMatchObject({ code: 0, outputs: { conclusion: 'neutral' } })
  expect(await checks(sha)).toEqual(['proctor / hello / first: neutral', 'proctor: neutral'])
  expect(await hub.comments(name, number)).toMatchObject([{ body: expect.stringContaining('a pass decides nothing') }])
})

test('on a release: the verdict is in its notes', patience, async () => {
  await repo.tag('v1.0.0', { at: main })
  const token = await hub.jobToken(name)
  await fetch(`${hub.apiUrl}/repos/${name}/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tag_name: 'v1.0.0', name: 'One', body: 'What is new.' }),
  })
  const [made] = await hub.releases(name)
  const event = releaseEvent({ ...common, id: Number(made?.id), tag: 'v1.0.0', sha: main, body: 'What is new.' })
  await using ended = await job(released, 'proctor', event)
  expect(ended).toMatchObject({ code: 0, outputs: { conclusion: 'success' } })
  const [after] = await hub.releases(name)
  expect(after).toMatchObject({ body: expect.stringContaining('What is new.'), assets: [{ name: expect.stringContaining('report') }] })
  expect(String(after?.body)).toContain('2/2 pass')
})

test('many jobs: a plan, its shards, one verdict', patience, async () => {
  repo.git('checkout', '--quiet', '-B', 'main', main)
  const sha = await repo.commit(answering('please, do come in'))
  const { ref, before, after } = await repo.push('main')
  const event = pushEvent({ ...common, ref, before, after })
  const run = ++runs
  await using plan = await job(byHand, 'plan', event, { run, inputs: { shards: '2' } })
  expect(plan.code).toBe(0)
  const { include } = JSON.parse(there(plan.outputs.matrix))
  expect(include).toEqual([{ shard: '1/2' }, { shard: '2/2' }])
  for (const { shard } of include) {
    await using part = await job(byHand, 'run', event, { run, inputs: { shard } })
    expect(part.code).toBe(0)
  }
  await using merge = await job(byHand, 'merge', event, { run })
  expect(merge).toMatchObject({ code: 0, outputs: { conclusion: 'success', passed: '2' } })
  expect(await checks(sha)).toEqual(['proctor / hello / first: success', 'proctor: success'])
})

test('nothing was asked that GitHub does not know', () => {
  expect(hub.violations).toEqual([])
})
