import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLog } from '../../../app/log.ts'
import { openClients } from '../../../app/web/clients.ts'
import { openGitHubApp } from '../../../app/web/github-app.ts'
import { loadGitHub } from '../../../runner/adapters/preset.ts'
import { openHub } from '../../support/github/hub.ts'
import { there } from '../../support/there.ts'

const closing = new AsyncDisposableStack()
afterAll(() => closing.disposeAsync())

/** An App with these permissions, which its clients believe to be others. */
async function open(permissions: Readonly<Record<string, string>>, believed?: Readonly<Record<string, string>>) {
  const hub = closing.use(await openHub({ app: { permissions } }))
  const repo = await hub.repository('acme/agents')
  await repo.commit({ 'README.md': 'x\n' })
  repo.git('branch', '-M', 'main')
  const { after: head } = await repo.push()
  const settings = { appId: hub.app.id, privateKey: hub.app.key, webhookSecret: 'x'.repeat(32), apiUrl: hub.apiUrl, webhookPath: '/hook' }
  const app = await openGitHubApp({ settings, take: async () => {}, log: openLog({ level: 'silent', process: 'web' }) })
  const [installation] = await app.installations()
  const { id } = there(installation)
  const door = await loadGitHub()
  const lines: string[] = []
  let time = Date.now()
  const clients = openClients({
    ...{ app, door, apiUrl: hub.apiUrl, version: '0.0.0' },
    given: async () => believed,
    log: (line) => lines.push(line),
    now: () => time,
  })
  const all = await clients.ofInstallation(id)
  const [known] = await door.repositoriesOf(all)
  const place = { id: there(known).id, installation: id }
  const tokens = () => hub.requests.filter(({ route }) => route.endsWith('/access_tokens'))
  const pass = (ms: number) => {
    time += ms
  }
  return { hub, head, clients, place, lines, tokens, door, pass }
}
const at = { owner: 'acme', repo: 'agents' }

describe('an installation that does not give everything', () => {
  const given = { checks: 'write', contents: 'write', issues: 'read', metadata: 'read' }

  test.each([
    ['known to', given],
    ['known otherwise', { ...given, issues: 'write', pull_requests: 'write' }],
    ['of which nothing is known', undefined],
  ])('costs what needs that, and nothing else, and is told of once: %s', async (_, believed) => {
    const { clients, place, lines, tokens } = await open(given, believed)
    const before = tokens().length
    const github = await clients.of(place)
    expect((await github.api.rest.repos.get(at)).data.full_name).toBe('acme/agents')
    expect(tokens().at(-1)?.json.permissions).toEqual({ checks: 'write', contents: 'read', issues: 'read', metadata: 'read' })
    expect(tokens().length).toBe(before + (believed === given ? 1 : 2))
    expect(lines.filter((line) => line.includes('issues: write, pull_requests: write'))).toHaveLength(1)
  })

  test('is asked for more, and refuses it in the words of GitHub', async () => {
    const { clients, place } = await open({ ...given, contents: 'read' }, { ...given, contents: 'read' })
    await expect(clients.of(place, { contents: 'write' })).rejects.toMatchObject({
      code: 'github_refused',
      message: expect.stringContaining('contents: write'),
    })
    expect(await clients.of(place)).toBeDefined()
  })
})

describe('a token', () => {
  const everything = { checks: 'write', contents: 'write', issues: 'write', metadata: 'read', pull_requests: 'write' }
  let opened: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    opened = await open(everything, everything)
  })

  test('is made anew when its installation gives something else', async () => {
    const { clients, place } = opened
    const first = await clients.of(place)
    clients.forget(place.installation + 1)
    expect(await clients.of(place)).toBe(first)
    clients.forget(place.installation)
    expect(await clients.of(place)).not.toBe(first)
  })

  test('is made once, and again when its hour is over', async () => {
    const { clients, place, tokens, pass } = opened
    const first = await clients.of(place)
    const before = tokens().length
    expect(await clients.of(place)).toBe(first)
    expect(tokens().length).toBe(before)
    pass(55 * 60_000)
    expect(await clients.of(place)).not.toBe(first)
    expect(tokens().length).toBe(before + 1)
  })

  test('that was revoked is replaced by a new one, for whoever holds the old client too', async () => {
    const { hub, clients, place, tokens, door, head } = opened
    const held = await clients.of(place)
    hub.uninstall('acme')
    hub.install('acme')
    const before = tokens().length
    const answers = await Promise.all([1, 2, 3].map(() => held.api.rest.checks.create({ ...at, name: 'x', head_sha: head })))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(tokens().length).toBe(before + 1)
    expect(await door.tagsOf(held, 'acme/agents')).toEqual([])
    expect(await clients.of(place)).not.toBe(held)
  })

  test('is asked for once, not for ever, where the App is gone', async () => {
    const { hub, clients, place, tokens } = opened
    const held = await clients.of(place)
    hub.uninstall('acme')
    const before = tokens().length
    await expect(held.api.rest.repos.listTags(at)).rejects.toMatchObject({ code: 'github_refused' })
    expect(tokens().length).toBe(before + 1)
    hub.install('acme')
  })
})
