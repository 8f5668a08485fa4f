import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { defaultInputs, readInputs } from '../../action/inputs.ts'

const root = join(import.meta.dirname, '../..')
const described = z.string().regex(/^\S.*[^\s]$/)
const Metadata = z.strictObject({
  name: z.literal('proctor'),
  description: described.max(160),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(z.string().regex(/^[a-z]+(-[a-z]+)*$/), z.strictObject({ description: described, default: z.string() })),
  outputs: z.record(z.string().regex(/^[a-z]+(-[a-z]+)*$/), z.strictObject({ description: described })),
  runs: z.strictObject({ using: z.literal('node24'), main: z.string(), post: z.string(), 'post-if': z.literal('always()') }),
})
const { inputs, outputs, runs } = Metadata.parse(parse(readFileSync(join(root, 'action.yml'), 'utf8')))

test('action.yml declares the inputs that the action reads, and no other', () => {
  expect(Object.keys(inputs).sort()).toEqual(Object.keys(defaultInputs()).sort())
})

test('its defaults are those that hold where nothing is said', () => {
  const variables = Object.entries(inputs).map(([name, { default: text }]) => [`INPUT_${name.toUpperCase()}`, text])
  const { token, ...read } = readInputs(Object.fromEntries(variables))
  const { token: _none, ...defaults } = defaultInputs()
  expect(read).toEqual(defaults)
  expect(token).toMatch(/^\$\{\{ github\.token \}\}$/)
})

test('it has the outputs that workflows build on', () => {
  expect(Object.keys(outputs)).toEqual(
    'conclusion passed failed unscored pass-rate regressions cost-usd report-path check-url matrix'.split(' '),
  )
})

test('it starts what script/build makes', () => {
  expect(runs).toMatchObject({ main: 'dist/action/main.js', post: 'dist/action/post.js' })
})
