import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gitName, openStore } from '../../runner/adapters/environment/credentials.ts'
import { canaryOf, formsOf, watchMachine } from '../support/canary.ts'
import { type Ended, proctor, readReport } from '../support/cli.ts'
import { gitServer } from '../support/git-server.ts'
import { agentYaml, evalYaml, polite, written } from '../support/written.ts'

const token = canaryOf('pat')
/** Tells all that it could know of where it came from. */
const code = `import os, subprocess

def run(task_input, *, proxy_url, run_token):
    found = subprocess.run("ls -aR /home/user/agent; git -C /home/user/agent remote -v; env", shell=True, capture_output=True, text=True)
    return "please " + open("/home/user/agent/word.txt").read() + found.stdout + "TOKEN" [::-1]
`

describe('an agent from a private repository', () => {
  let server: Awaited<ReturnType<typeof gitServer>>
  let folder: Awaited<ReturnType<typeof written>>
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    server = await gitServer({ token })
    const { git } = server.repository('agent', { 'main.py': code, 'word.txt': 'first' }, { 'word.txt': 'second' })
    server.repository('leaky', { 'main.py': `${code}\n# ${token}\n`, 'word.txt': token })
    folder = await written({ 'a.csv': 'id,user\none,Go.\n' })
    env = { ...server.variables, PROCTOR_CREDENTIAL_PAT: token, PROCTOR_CONFIG: folder.at('config'), PROCTOR_CACHE: folder.at('cache') }
    revisions = { first: git('rev-parse', 'HEAD~1'), second: git('rev-parse', 'HEAD') }
  })
  let revisions: Record<string, string>
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder.root, { recursive: true, force: true })
  })

  async function examine(source: string, more: NodeJS.ProcessEnv = {}, name = 'agent') {
    await using tree = await written({
      'agent.yaml': agentYaml('private', `source: {git: {url: "${server.url}/${name}", ${source}}}\n`),
      'evals/e.yaml': evalYaml('e', `dataset: e.csv\njudge: none\n${polite}`),
      'evals/e.csv': 'id,user\none,Go.\n',
    })
    using machine = watchMachine()
    const ended = await proctor(['run', tree.root, '--out', tree.at('out')], { env: { ...env, ...more } })
    const report = await readReport(tree.at('out')).catch(() => undefined)
    return {
      ended,
      run: report?.batches[0]?.runs[0],
      leaks: await formsOf(token)
        .in(tree.at('out'))
        .catch(() => []),
      seen: machine.seen(),
    }
  }
  const holdsToken = (text: string) => formsOf(token).some((form) => text.includes(form))
  const quiet = ({ ended, seen, leaks }: { ended: Ended; seen: string; leaks: string[] }) => {
    expect(holdsToken(ended.stdout + ended.stderr)).toBe(false)
    expect(holdsToken(seen)).toBe(false)
    expect(leaks).toEqual([])
  }

  test('is fetched with a credential that is in no log, argument, file or report', async () => {
    const done = await examine('credential: PAT')
    expect(done.run, done.ended.stderr).toMatchObject({ verdict: 'pass', response: expect.stringContaining('please second') })
    expect(done.run?.response).not.toMatch(/\.git\b|localhost/)
    quiet(done)
    expect(await formsOf(token).in(folder.root)).toEqual([])
  })

  test.each(['first', 'second'])('at the revision that is named: %s', async (word) => {
    const { run, ended } = await examine(`credential: PAT, ref: "${revisions[word]}"`)
    expect(run, ended.stderr).toMatchObject({ verdict: 'pass', response: expect.stringContaining(`please ${word}`) })
  })

  test('with the token that was stored for it', async () => {
    await openStore({ variables: {}, folder: folder.at('config') }).set(gitName(`${server.url}/agent`), token, { rotate: true })
    const done = await examine('stored_token: true', { PROCTOR_CREDENTIAL_PAT: '' })
    expect(done.run, done.ended.stderr).toMatchObject({ verdict: 'pass' })
    quiet(done)
  })

  test('what it was fetched with is masked, should the code itself hold it', async () => {
    const done = await examine('credential: PAT', {}, 'leaky')
    expect(done.run, done.ended.stderr).toMatchObject({ response: expect.stringContaining('please ***') })
    expect(holdsToken(done.ended.stdout + done.ended.stderr + JSON.stringify(done.run))).toBe(false)
  })

  test('is not cloned twice: the second time its remote is only asked what the ref is', async () => {
    await examine('credential: PAT')
    const before = server.asked.length
    const { ended } = await examine('credential: PAT')
    expect(ended.code, ended.stderr).toBe(0)
    const paths = server.asked.slice(before).map(({ path }) => path)
    expect(paths.length).toBeGreaterThan(0)
    // Listing refs is one service request; sending a pack is a second one, with much more in it.
    expect(paths.filter((path) => path === '/agent/git-upload-pack')).toHaveLength(1)
  })

  test.each<[string, string, NodeJS.ProcessEnv, RegExp]>([
    ['a branch that is not there', 'credential: PAT, ref: gone', {}, /agent_code_fetch_failed.*no branch, tag or commit "gone"/s],
    ['a commit that is not there', `credential: PAT, ref: "${'0'.repeat(40)}"`, {}, /agent_code_fetch_failed/],
    ['another token', 'credential: PAT', { PROCTOR_CREDENTIAL_PAT: 'another-token' }, /agent_code_fetch_failed/],
    ['no credential', 'ref: main', {}, /agent_code_fetch_failed/],
    ['a credential that is not set', 'credential: NOPE', {}, /agent_secret_unresolved.*NOPE/s],
    ['no stored token', 'stored_token: true', { PROCTOR_CONFIG: '/nonexistent' }, /agent_secret_unresolved.*no token is stored/s],
    ['a token in the file', `token: ${token}`, {}, /config_invalid.*token/s],
    ['a host that nobody exempted', 'credential: PAT', { PROCTOR_PRIVATE_HOSTS: '' }, /agent_code_fetch_failed.*PROCTOR_PRIVATE_HOSTS/s],
  ])('%s: named before any container, without the token', async (_, source, more, message) => {
    const done = await examine(source, more)
    expect(done.ended.stderr).toMatch(message)
    expect(done.ended.code).toBe(2)
    // Nothing was planned, so there was nothing to open a sandbox for.
    expect(done.run).toBeUndefined()
    quiet(done)
  })
})
