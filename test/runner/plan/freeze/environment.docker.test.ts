// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles write their variables so
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DockerSandboxes, openDocker } from '../../../../runner/adapters/docker/docker.ts'
import { EnvironmentFile } from '../../../../runner/domain/agent.ts'
import type { Environment } from '../../../../runner/domain/environment.ts'
import { environmentOf } from '../../../../runner/plan/freeze/environment.ts'
import { never, profile, shell } from '../../../contract/sandboxes.ts'
import { memoryBlobs } from '../../../fakes/blobs.ts'
import { openWorkbench } from '../../../support/workbench.ts'

let docker: DockerSandboxes
let imagesDir: string
/** The tests' own, so that a base image is built on once. */
const scope = { organisation: 'test-environments', trust: 'test' }
beforeAll(async () => {
  imagesDir = await mkdtemp(join(tmpdir(), 'proctor-test-images-'))
  docker = openDocker({ ...scope, imagesDir, blobs: memoryBlobs() })
})
afterAll(async () => {
  for (const { digest } of await docker.images.list([])) await docker.images.remove(digest, { force: true })
  await docker[Symbol.asyncDispose]()
  await rm(imagesDir, { recursive: true, force: true })
})

const environment = (file: object) => environmentOf(EnvironmentFile.parse(file))

/** What a command says in an environment, with that environment's variables. */
async function inside({ recipe, custom, env }: Environment, command: string): Promise<string> {
  const part = custom === undefined ? {} : { custom: { layers: custom, of: 'agent' } }
  const image = await docker.prepare([{ base: 'proctor-base:latest' }, ...recipe], { signal: never, ...part })
  await using sandbox = await docker.open(image, profile, never)
  const variables = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  const { stdout, stderr } = await shell(sandbox, command, { env: variables })
  return stdout + stderr
}

describe('an environment', { timeout: 300_000 }, () => {
  test.each([
    ['system_packages', { system_packages: ['jq'] }, 'jq --version', /^jq-1/],
    ['requirements', { requirements: ['colorama==0.4.6'] }, 'python3 -m pip show colorama', /Version: 0\.4\.6/],
    ['setup_command', { setup_command: 'echo $A > made', env: { A: 'plain' } }, 'cat made; stat -c %U made', /^plain\nuser\n$/],
    [
      'a Dockerfile beneath all of them',
      {
        dockerfile: 'RUN echo under > ~/made\nENV A=from-image B=${A:-none}',
        env: { A: 'over' },
        setup_command: 'cat made; echo "$A $B" >> made',
      },
      'cat made; echo "$A $B"',
      /^under\nover none\nover none\n$/,
    ],
    [
      'another Python: the first on PATH, with its pip, its pytest and what is required',
      {
        python_version: '3.11',
        requirements: ['colorama==0.4.6'],
        setup_command: 'python3 -c "import colorama, sys; print(sys.version)" > made',
      },
      `cat made; which python3 python pip pytest; python --version; pip --version; pytest --version
       python3 -c 'import colorama, sys; print(sys.prefix)'; pip install --quiet six && python -c 'import six' && echo more; uv --version; /usr/bin/python3 --version`,
      /^3\.11\..*\n(\/opt\/python3\.11\/bin\/\w+\n){4}Python 3\.11\.\d+\npip .*python 3\.11\)\npytest .*\n\/opt\/python3\.11\n/,
    ],
  ] as const)('%s', async (_, file, command, said) => {
    expect(await inside(environment(file), command)).toMatch(said)
  })

  test('the Python that is there already is used as it is', () => {
    expect(environment({ python_version: '3.13' }).recipe).toEqual([])
  })

  test('a Python that nobody here can give is named, with those that are there', async () => {
    const [interpreter] = environment({ python_version: '3.12' }).recipe
    if (!interpreter || !('run' in interpreter)) throw new Error('no such layer')
    // Without a network, because another machine may well give it.
    const alone = [{ base: 'proctor-base:latest' }, { ...interpreter, network: 'none' as const }]
    await expect(docker.prepare(alone, { signal: never })).rejects.toMatchObject({
      code: 'python_not_available',
      message: expect.stringMatching(/^Python 3\.12 is not available here\. The image has 3\.11, 3\.13; /),
    })
  })

  test.each([
    [{ system_packages: ['no-such-package'] }, /Unable to locate package no-such-package/, /apt-get install .*no-such-package/],
    [{ requirements: ['no-such-distribution-of-proctor==1'] }, /No matching distribution/, /pip install .*no-such/],
    [{ setup_command: 'echo the reason; exit 9' }, /^the reason\n$/, /^echo the reason; exit 9$/],
  ] as const)('%j fails with command and log tail', async (file, log, command) => {
    await expect(inside(environment(file), 'true')).rejects.toMatchObject({
      code: 'environment_setup_failed',
      log: expect.stringMatching(log),
      command: expect.stringMatching(command),
    })
  })

  test('a function agent runs on another Python, and everything that it does is seen', async () => {
    await using bench = await openWorkbench()
    const { recipe, env } = environment({ python_version: '3.11' })
    const body = `open("/tmp/x", "w").write(sys.version)
subprocess.run(["uname"], check=True)
raise ValueError(sys.version.split()[0])`
    const { record, steps, response } = await bench.python(body, { environment: { recipe, env } })
    expect(record.ended).toMatchObject({ as: 'error', code: 'agent_exception', message: expect.stringMatching(/^ValueError: 3\.11\./) })
    expect(response).toMatch(/^Traceback \(most recent call last\):\n {2}File "\/home\/user\/agent\/main\.py"/)
    expect(steps.map(({ kind }) => kind)).toEqual(['edit', 'shell'])
  })
})

/** The lines of the handbook, as they stand there. Hundreds of megabytes each, so not every time. */
describe.runIf(process.env.PROCTOR_TEST_FULL)('a coding CLI is installed by the line of the handbook', { timeout: 900_000 }, () => {
  test.each([
    ['Claude Code', 'RUN sudo npm install -g @anthropic-ai/claude-code', 'claude --version', /Claude Code/],
    ['Codex', 'RUN sudo npm install -g @openai/codex', 'codex --version', /codex/],
    [
      'Aider',
      'RUN uv tool install --python 3.11 aider-chat',
      'aider --version; /home/user/.local/bin/aider --version',
      /(aider \d.*\n){2}/,
    ],
    [
      'the example of a custom image',
      `RUN sudo apt-get update && sudo apt-get install -y jq
RUN sudo npm install -g @anthropic-ai/claude-code
ENV NODE_OPTIONS=--max-old-space-size=4096`,
      'jq --version; claude --version; echo $NODE_OPTIONS',
      /^jq-.*\n.*Claude Code.*\n--max-old-space-size=4096\n$/,
    ],
  ])('%s', async (_, dockerfile, command, said) => {
    expect(await inside(environment({ dockerfile }), command)).toMatch(said)
  })
})
