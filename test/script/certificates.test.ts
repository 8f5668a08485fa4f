import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const program = join(import.meta.dirname, '../../script/lib/certificates.awk')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'proctor-certificates-'))
  mkdirSync(join(folder, 'out'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('keeps what the distribution does not know, once each', () => {
  const known = file('known.crt', pem('DISTRIBUTION'))
  const bundle = file('bundle.pem', `# a title\n${pem('DISTRIBUTION')}${pem('OURS\nLINE2')}${pem('OURS\nLINE2')}${pem('OTHER')}`)

  expect(split(known, bundle)).toEqual([pem('OURS\nLINE2'), pem('OTHER')])
})

it('compares certificates, not their line ends', () => {
  const known = file('known.crt', pem('AAAA\nBBBB'))
  const bundle = file('bundle.pem', `${pem('AAAABBBB')}${pem('OURS')}`.replaceAll('\n', '\r\n'))

  expect(split(known, bundle)).toEqual([pem('OURS')])
})

it('keeps all of a bundle where there is nothing to compare with', () => {
  expect(split(file('bundle.pem', pem('A') + pem('B')))).toEqual([pem('A'), pem('B')])
})

function split(...files: string[]): string[] {
  const out = join(folder, 'out')
  execFileSync('awk', ['-v', `out=${out}`, '-f', program, ...files])
  return readdirSync(out)
    .sort()
    .map((name) => readFileSync(join(out, name), 'utf8'))
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

function pem(body: string): string {
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
}
