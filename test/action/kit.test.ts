import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Artifacts, openArtifacts } from '../support/github/artifacts.ts'
import { dispatchEvent, mergeGroupEvent, pushEvent, releaseEvent, workflowRunEvent } from '../support/github/events.ts'
import { dependabotEvent, pullRequestEvent, pullRequestTargetEvent } from '../support/github/pull-events.ts'
import { runAction } from '../support/github/runner.ts'
import { runnerLog } from '../support/github/runner-log.ts'
import { there } from '../support/there.ts'

const action = join(import.meta.dirname, '..', 'fixtures', 'action', 'action.yml')
const [sha, before] = ['a'.repeat(40), 'b'.repeat(40)]
const place = { repo: 'acme/agents', serverUrl: 'https://github.com', apiUrl: 'http://127.0.0.1:1' }
const pushed = pushEvent({ ...place, ref: 'refs/heads/main', before, after: sha })
const pull = { ...place, number: 7, head: { sha, ref: 'better' }, base: { sha: before, ref: 'main' }, mergeSha: 'c'.repeat(40) }
const token = 'ghs_of-the-job'
const perform = (what: string, more: Partial<Parameters<typeof runAction>[0]> = {}) =>
  runAction({ action, event: pushed, ...place, token, ...more, inputs: { do: what, ...more.inputs } })

describe('the runner', () => {
  test('carries out commands, masks secrets, and hands over what files say', async () => {
    await using ended = await perform('everything')
    expect(ended).toMatchObject({
      code: 0,
      outputs: { lines: 'one\ntwo=2', plain: 'x' },
      state: { kept: 'a\nb' },
      env: { FOR_LATER: 'yes' },
      path: ['/some/bin'],
      summary: '# ***',
      groups: ['a group'],
      annotations: [{ level: 'error', message: 'wrong: here, 100%\nand there', properties: { file: 'a,b.csv', line: '3' } }],
      post: { code: 0 },
    })
    expect(ended.log).toContain('it is ***')
    expect(ended.log).toContain('token ***')
    expect(ended.log).toContain('after: a')
    expect(ended.log).toContain('b seven yes')
    expect(ended.raw).toContain('it is hush-hush')
    expect(ended.masks).toEqual(new Set([token, 'hush-hush']))
  })

  test('reads no command until the token comes, and finds old ones in the middle of a line', async () => {
    await using ended = await perform('stopped')
    expect(ended.unread).toEqual(['::error::no command', '##[error]nor this'])
    expect(ended.annotations).toEqual([{ level: 'warning', message: 'in the middle', properties: {} }])
    expect(ended.log).not.toContain('a-token')
  })

  test('gives a step what its event and action.yml say, and nothing of this machine', async () => {
    process.env.PROCTOR_KIT_PROBE = 'leaked'
    await using ended = await perform('environment', { event: pullRequestEvent(pull), inputs: { 'with-dash': ' d ' }, env: { KEY: 'k' } })
    delete process.env.PROCTOR_KIT_PROBE
    const variables = JSON.parse(there(ended.outputs.variables))
    expect(
      Object.keys(variables)
        .filter((name) => !/^(GITHUB|RUNNER|INPUT)_/.test(name))
        .sort(),
    ).toEqual(['CI', 'HOME', 'KEY', 'PATH'])
    expect(variables).toMatchObject({
      GITHUB_REF: 'refs/pull/7/merge',
      GITHUB_REF_NAME: '7/merge',
      GITHUB_HEAD_REF: 'better',
      GITHUB_BASE_REF: 'main',
      GITHUB_SHA: pull.mergeSha,
      GITHUB_REPOSITORY_OWNER: 'acme',
      'INPUT_WITH-DASH': ' d ',
      INPUT_WITH_DEFAULT: 'seven',
    })
    expect(JSON.parse(there(ended.outputs.inputs))).toEqual(['seven', 'd', token])
    expect(JSON.parse(there(ended.outputs.context))).toMatchObject({
      eventName: 'pull_request',
      payload: { number: 7, pull_request: { head: { sha } } },
      cwd: variables.GITHUB_WORKSPACE,
    })
  })

  test('warns of an input that is not declared, refuses a summary that is too long, and reports a failure', async () => {
    await using flood = await perform('flood', { inputs: { strange: 'x' } })
    expect(flood.summary).toBeUndefined()
    expect(flood.annotations.map(({ level }) => level)).toEqual(['warning', 'error'])
    await using failed = await perform('fail')
    expect(failed).toMatchObject({ code: 1, annotations: [{ level: 'error', message: 'it failed' }], post: { code: 0 } })
  })

  test('cancels as the runner does: an interrupt, then more', async () => {
    const patience = { interrupt: 300, terminate: 300 }
    await using ended = await perform('wait', { signalAfter: /waiting/, patience })
    expect(ended).toMatchObject({ code: 130, signal: null, post: { code: 0 } })
    await using killed = await perform('stubborn', { signalAfter: /waiting/, patience })
    expect(killed).toMatchObject({ code: null, signal: 'SIGKILL', post: { code: 0 } })
    expect(killed.log).toContain('got SIGTERM')
  })
})

test('what looks like a command and is none stays text', () => {
  const log = runnerLog([])
  for (const line of ['::nothing::x', 'x ::error::y', '  ::notice file=a%3Ab::%0A%25', '::error', '::add-mask::', '::set-env name=A::b'])
    log.read(line)
  expect(log.annotations).toEqual([
    { level: 'notice', message: '\n%', properties: { file: 'a:b' } },
    { level: 'error', message: 'The `set-env` command is disabled.', properties: {} },
  ])
  expect(log.text()).toBe('::nothing::x\nx ::error::y\n##[notice]\n%\n::error\n')
})

describe('artifacts', () => {
  const get = (artifacts: Artifacts, path: string, query = '') =>
    there(artifacts.rest('GET', `/repos/acme/agents/actions/${path}`, new URLSearchParams(query), 'http://api'))

  test('are kept by one job and read by another of the same run, and by the API for all others', async () => {
    await using artifacts = await openArtifacts()
    await using up = await perform('upload', { artifacts, runId: 5, job: 'plan' })
    expect(up).toMatchObject({ code: 0, outputs: { id: '1' } })
    await using down = await perform('download', { artifacts, runId: 5, job: 'merge' })
    expect(down).toMatchObject({ code: 0, outputs: { names: 'kept', files: 'deep,deep/file.txt', text: 'content '.repeat(1000) } })
    await using other = await perform('download', { artifacts, runId: 6 })
    expect(other).toMatchObject({ code: 1, outputs: { names: '' } })

    const [kept] = artifacts.list({ name: 'kept' })
    expect(kept).toMatchObject({ runId: 5, attempt: 1, job: 'plan' })
    artifacts.describe({ id: 5, repositoryId: 1, headRepositoryId: 2, headBranch: 'better', headSha: sha })
    expect(get(artifacts, 'artifacts', 'name=kept').body).toMatchObject({
      total_count: 1,
      artifacts: [
        { id: 1, size_in_bytes: kept?.content.length, workflow_run: { id: 5, repository_id: 1, head_repository_id: 2, head_sha: sha } },
      ],
    })
    expect(get(artifacts, 'artifacts', 'name=other').body).toMatchObject({ total_count: 0 })
    expect(get(artifacts, 'runs/6/artifacts').body).toMatchObject({ total_count: 0 })
    expect(get(artifacts, 'artifacts/1').body).toMatchObject({ name: 'kept', digest: kept?.digest })
    expect(get(artifacts, 'artifacts/9').status).toBe(404)
    const { status, headers } = get(artifacts, 'artifacts/1/zip')
    const location = there(headers?.location)
    expect(status).toBe(302)
    const zip = Buffer.from(await (await fetch(location)).arrayBuffer())
    expect(`sha256:${createHash('sha256').update(zip).digest('hex')}`).toBe(kept?.digest)
    // Who follows a redirect with the token still on is refused, as by Azure.
    expect((await fetch(location, { headers: { authorization: `Bearer ${token}` } })).status).toBe(403)
  })

  test('have one name an attempt, can be removed, and are refused when the test says so', async () => {
    let broken = false
    await using artifacts = await openArtifacts({ fault: (method) => (broken && method === 'CreateArtifact' ? 403 : undefined) })
    await using first = await perform('upload', { artifacts })
    await using twice = await perform('upload', { artifacts })
    await using again = await perform('upload', { artifacts, attempt: 2 })
    expect([first.code, twice.code, again.code]).toEqual([0, 1, 0])
    expect(twice.raw).toContain('(409)')
    await using down = await perform('download', { artifacts, attempt: 2 })
    expect(down.outputs.names).toBe('kept')
    await using removed = await perform('remove', { artifacts, attempt: 2 })
    expect(removed.code).toBe(0)
    expect(artifacts.list().map(({ attempt }) => attempt)).toEqual([1])
    broken = true
    await using refused = await perform('upload', { artifacts, attempt: 3 })
    expect(refused.code).toBe(1)
  })
})

test('events say where their job is', () => {
  expect(pullRequestEvent({ ...pull, head: { ...pull.head, repo: 'stranger/agents' }, author: 'stranger' })).toMatchObject({
    payload: { pull_request: { head: { repo: { full_name: 'stranger/agents', fork: true } }, user: { login: 'stranger' } } },
  })
  expect(dependabotEvent(pull)).toMatchObject({ actor: 'dependabot[bot]', payload: { sender: { type: 'Bot' } } })
  expect(pushEvent({ ...place, ref: 'refs/tags/v1', before: '0'.repeat(40), after: sha })).toMatchObject({ payload: { created: true } })
  expect(releaseEvent({ ...place, id: 1, tag: 'v1', sha })).toMatchObject({ ref: 'refs/tags/v1', payload: { action: 'published' } })
  expect(pullRequestTargetEvent(pull)).toMatchObject({ ref: 'refs/heads/main', sha: before, payload: { number: 7 } })
  const dispatched = dispatchEvent({ ...place, ref: 'refs/heads/main', sha, inputs: { all: 'true' } })
  expect(dispatched).toMatchObject({ name: 'workflow_dispatch', payload: { inputs: { all: 'true' } } })
  expect(mergeGroupEvent({ ...place, headSha: sha, baseSha: before })).toMatchObject({ sha, payload: { action: 'checks_requested' } })
  const head = { sha, branch: 'better', repo: 'stranger/agents' }
  expect(workflowRunEvent({ ...place, id: 5, sha: before, head })).toMatchObject({ ref: 'refs/heads/main', sha: before })
})
