import { Octokit } from '@octokit/rest'
import { afterAll, describe, expect, test } from 'vitest'
import { openGitHost } from '../support/github/git-http.ts'
import { openHub } from '../support/github/hub.ts'
import { jwtOf, privateKey } from '../support/github/who.ts'

const git = await openGitHost()
const hub = await openHub({ git, users: ['octocat', 'member', 'stranger', 'other'] })
const open = await hub.repository('acme/open')
const hidden = await hub.repository('acme/hidden', { isPrivate: true })
const shas = new Map<string, string>()
for (const repo of [open, hidden]) {
  shas.set(repo.name, await repo.commit({ 'a.txt': 'a' }))
  await repo.push()
  repo.branch('better')
  await repo.commit({ 'a.txt': 'b' })
  await repo.push()
  await repo.open({ head: 'better' })
}
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await git[Symbol.asyncDispose]()
})
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const tokens = {
  nobody: undefined,
  wrong: 'ghp_wrong',
  stranger: hub.userToken('stranger'),
  member: hub.userToken('member'),
  octocat: hub.userToken('octocat'),
  app: hub.appToken(),
  job: await hub.jobToken('acme/open'),
  'job of hidden': await hub.jobToken('acme/hidden'),
  'narrow job': await hub.jobToken('acme/open', { permissions: { contents: 'read', checks: 'write' } }),
  fork: await hub.jobToken('acme/open', { isFork: true }),
  installation: await hub.installationToken('acme'),
} as const
type Who = keyof typeof tokens
const as = (who: Who) => new Octokit({ baseUrl: hub.apiUrl, auth: tokens[who], log: quiet }).rest
const statusOf = (asked: Promise<{ status: number }>) =>
  asked.then(
    ({ status }) => status,
    ({ status }: { status: number }) => status,
  )

describe.each(['acme/open', 'acme/hidden'])('%s', (name) => {
  const place = { owner: 'acme', repo: name.split('/')[1] ?? '' }
  const asks = (who: Who) => {
    const rest = as(who)
    return [
      statusOf(rest.repos.get(place)),
      statusOf(rest.pulls.get({ ...place, pull_number: 1 })),
      statusOf(rest.issues.createComment({ ...place, issue_number: 1, body: 'x' })),
      statusOf(rest.checks.create({ ...place, name: 'x', head_sha: shas.get(name) ?? '' })),
      statusOf(rest.repos.createRelease({ ...place, tag_name: `v-${who}`.replace(/ /g, '') })),
    ]
  }
  // Repository, pull request; comment, check run, release.
  const table: Readonly<Record<Who, readonly number[]>> =
    name === 'acme/open'
      ? {
          nobody: [200, 200, 401, 401, 401],
          wrong: [401, 401, 401, 401, 401],
          stranger: [200, 200, 201, 403, 403],
          member: [200, 200, 201, 403, 403],
          octocat: [200, 200, 201, 403, 201],
          app: [404, 404, 404, 404, 404],
          job: [200, 200, 201, 201, 201],
          'job of hidden': [200, 200, 403, 403, 403],
          'narrow job': [200, 200, 403, 201, 403],
          fork: [200, 200, 403, 403, 403],
          installation: [200, 200, 201, 201, 201],
        }
      : {
          nobody: [404, 404, 404, 404, 404],
          wrong: [401, 401, 401, 401, 401],
          stranger: [404, 404, 404, 404, 404],
          member: [200, 200, 201, 403, 403],
          octocat: [200, 200, 201, 403, 201],
          app: [404, 404, 404, 404, 404],
          job: [404, 404, 404, 404, 404],
          'job of hidden': [200, 200, 201, 201, 201],
          'narrow job': [404, 404, 404, 404, 404],
          fork: [404, 404, 404, 404, 404],
          installation: [200, 200, 201, 201, 201],
        }
  test.each(Object.keys(table) as Who[])('%s', async (who) => {
    expect(await Promise.all(asks(who))).toEqual(table[who])
  })
})

test('a token opens in git what it opens in the API, and no longer', async () => {
  const asks = (token: string, repo: string) =>
    fetch(`${git.url.replace('github.localhost', '127.0.0.1')}/${repo}.git/info/refs?service=git-upload-pack`, {
      headers: { authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}` },
    }).then(({ status }) => status)
  const narrow = await hub.installationToken('acme', { repos: ['acme/hidden'], permissions: { contents: 'read' } })
  const blind = await hub.installationToken('acme', { repos: ['acme/hidden'], permissions: { checks: 'write' } })
  expect(await Promise.all([narrow, blind, tokens.job, tokens.stranger, 'wrong'].map((token) => asks(token, 'acme/hidden')))).toEqual([
    200, 404, 404, 404, 401,
  ])
  expect(await Promise.all([narrow, tokens.job, tokens.fork, tokens.stranger].map((token) => asks(token, 'acme/open')))).toEqual([
    200, 200, 200, 200,
  ])
  await new Octokit({ baseUrl: hub.apiUrl, auth: narrow }).rest.apps.revokeInstallationAccessToken()
  expect(await asks(narrow, 'acme/hidden')).toBe(401)
})

test('a token of an installation ends; an app’s own is made of its key and is short', async () => {
  const place = { owner: 'acme', repo: 'hidden' }
  const rest = as('installation')
  hub.expireTokens()
  expect(await statusOf(rest.repos.get(place))).toBe(401)
  const app = (auth: string) => statusOf(new Octokit({ baseUrl: hub.apiUrl, auth, log: quiet }).rest.apps.getAuthenticated())
  expect(await app(jwtOf(hub.app))).toBe(200)
  expect(await app(jwtOf(hub.app, Date.now() - 3_600_000))).toBe(401)
  expect(await app(jwtOf(hub.app, Date.now() + 3_600_000))).toBe(401)
  expect(await app(`${jwtOf(hub.app).slice(0, -8)}AAAAAAAA`)).toBe(401)
  expect(await app(jwtOf({ id: 1, key: privateKey() }))).toBe(401)
  expect(hub.violations).toEqual([])
  expect(hub.wrongAnswers).toEqual([])
})

test('below a prefix it is an Enterprise Server: nothing is answered elsewhere, and uploads have a host of their own', async () => {
  await using enterprise = await openHub({ prefix: '/api/v3' })
  const repo = await enterprise.repository('acme/agents')
  await repo.commit({ 'a.txt': 'a' })
  await repo.push()
  expect(enterprise.apiUrl).toMatch(/\/api\/v3$/)
  const { rest } = new Octokit({ baseUrl: enterprise.apiUrl, auth: enterprise.userToken('octocat'), log: quiet })
  const place = { owner: 'acme', repo: 'agents' }
  const { data } = await rest.repos.createRelease({ ...place, tag_name: 'v1' })
  expect(data.upload_url).toBe(`${enterprise.apiUrl.replace('/v3', '/uploads')}/repos/acme/agents/releases/1/assets{?name,label}`)
  const asset = { ...place, release_id: data.id, name: 'a.txt', data: 'a', headers: { 'content-type': 'text/plain' } }
  expect(await statusOf(rest.repos.uploadReleaseAsset({ ...asset, url: data.upload_url }))).toBe(201)
  expect(await statusOf(rest.repos.uploadReleaseAsset({ ...asset, name: 'b.txt', baseUrl: enterprise.apiUrl }))).toBe(404)
  expect(enterprise.violations).toEqual([
    { method: 'POST', path: '/repos/acme/agents/releases/1/assets', problems: ['sent to the wrong host'] },
  ])
  const { status } = await fetch(`${enterprise.apiUrl.replace('/api/v3', '')}/repos/acme/agents`)
  expect(status).toBe(404)
})
