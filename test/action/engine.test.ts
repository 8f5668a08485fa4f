import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureImage } from '../../action/engine.ts'
import { readSettings } from '../../action/settings.ts'
import { ProctorError } from '../../runner/domain/error.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'proctor-engine-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A `docker` that comes first on PATH. */
function inFrontOfDocker(script: string): void {
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'docker'), 0o755)
}

async function ensure(variables: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const said: string[] = []
  const settings = readSettings(
    { ...process.env, PATH: `${folder}:${process.env.PATH}`, GITHUB_REPOSITORY: 'acme/agents', RUNNER_TEMP: folder, ...variables },
    { apiUrl: 'http://127.0.0.1:1', serverUrl: 'http://127.0.0.1:1', runId: 1, runAttempt: 1 },
  )
  const log = {
    say: (text: string) => void said.push(text),
    watch: () => {},
    aside: <T>(work: () => Promise<T>) => work(),
    [Symbol.dispose]: () => {},
  }
  await ensureImage({ settings, log, signal: new AbortController().signal })
  return said
}

test('an image that is there is found, and no key of the job comes near its making', async () => {
  const real = execFileSync('bash', ['--norc', '-c', 'command -v docker'], { encoding: 'utf8' }).trim()
  inFrontOfDocker(`env >>'${folder}/seen'; exec '${real}' "$@"`)

  const said = await ensure({ ANTHROPIC_API_KEY: 'sk-of-the-judge', PROCTOR_CREDENTIAL_X: 'hush-hush', INPUT_TOKEN: 'ghs_of-the-job' })

  expect(said.at(-1)).toMatch(/^bootstrap: ready/)
  const seen = readFileSync(join(folder, 'seen'), 'utf8')
  expect(seen).toContain('GITHUB_REPOSITORY=acme/agents')
  for (const secret of ['sk-of-the-judge', 'hush-hush', 'ghs_of-the-job']) expect(seen).not.toContain(secret)
})

test('an engine that does not answer is said to be missing, with what was tried', async () => {
  inFrontOfDocker('echo "permission denied while trying to connect" >&2; exit 1')

  const failed = await ensure({}).catch((error: unknown) => error)

  expect(failed).toBeInstanceOf(ProctorError)
  expect(failed).toMatchObject({ code: 'base_image_missing', log: expect.stringContaining('may not use it') })
})
