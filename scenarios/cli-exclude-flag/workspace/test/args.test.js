import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArgs, UsageError } from '../src/args.js'

test('defaults', () => {
  const { by, top, json, files } = parseArgs([])
  assert.deepEqual({ by, top, json, files }, { by: 'path', top: 10, json: false, files: [] })
})

test('options stand anywhere, with a space or an equals sign', () => {
  const settings = parseArgs(['a.log', '--top', '5', 'b.log', '--by=status', '--json'])
  assert.equal(settings.top, 5)
  assert.equal(settings.by, 'status')
  assert.equal(settings.json, true)
  assert.deepEqual(settings.files, ['a.log', 'b.log'])
})

test('the last of a repeated option counts', () => {
  assert.equal(parseArgs(['--top', '5', '--top', '7']).top, 7)
})

test('after -- everything is a file', () => {
  assert.deepEqual(parseArgs(['--', '--json']).files, ['--json'])
})

for (const argv of [['--nope'], ['--top'], ['--top', 'x'], ['--by', 'colour'], ['--since', 'yesterday'], ['--json=yes'], ['--by='], ['--constructor']]) {
  test(`refuses ${argv.join(' ')}`, () => {
    assert.throws(() => parseArgs(argv), UsageError)
  })
}
