import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = join(import.meta.dirname, '../../script/proctor')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'proctor-script-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('script/proctor', () => {
  it('runs through a chain of links and from any folder', () => {
    mkdirSync(join(folder, 'bin'))
    symlinkSync(script, join(folder, 'absolute'))
    symlinkSync('../absolute', join(folder, 'bin/relative'))

    const printed = execFileSync(join(folder, 'bin/relative'), ['--version'], { cwd: '/', encoding: 'utf8' })

    expect(printed).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('names script/bootstrap when only an older Node is here', () => {
    mkdirSync(join(folder, 'script'))
    cpSync(script, join(folder, 'script/proctor'))
    writeFileSync(join(folder, 'node'), '#!/bin/sh\necho v20.20.2\n')
    chmodSync(join(folder, 'node'), 0o755)

    const run = spawnSync(join(folder, 'script/proctor'), ['--version'], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      encoding: 'utf8',
    })

    expect(run.status).toBe(3)
    expect(run.stderr).toContain('script/bootstrap')
  })
})
