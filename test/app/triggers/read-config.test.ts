import { expect, test } from 'vitest'
import { type ReadFile, readConfig } from '../../../app/triggers/read-config.ts'
import { Problems, ProctorError } from '../../../runner/domain/error.ts'

const base = 'b'.repeat(40)
/** Files by `owner/name@ref:path`. */
const files =
  (all: Readonly<Record<string, string>>, asked: string[] = []): ReadFile =>
  async ({ owner, name }, path, ref = '') => {
    asked.push(`${owner}/${name}@${ref}:${path}`)
    return all[`${owner}/${name}@${ref}:${path}`]
  }
const of = (read: ReadFile, name = 'agents') => readConfig(read, { owner: 'acme', name, base })

test('is read at the commit of the base, before that of the organisation', async () => {
  const own = files({
    [`acme/agents@${base}:.github/proctor.yml`]: 'comment: always',
    'acme/.github@:.github/proctor.yml': 'comment: never',
  })
  expect(await of(own)).toEqual({ value: expect.objectContaining({ comment: 'always' }) })
  const asked: string[] = []
  const shared = files({ 'acme/.github@:.github/proctor.yml': 'comment: never' }, asked)
  expect(await of(shared)).toEqual({ value: expect.objectContaining({ comment: 'never' }), shared: 'comment: never' })
  expect(asked.every((place) => place.startsWith('acme/'))).toBe(true)
})

test('nobody says anything', async () => {
  expect(await of(files({}))).toBeUndefined()
  expect(await of(files({}), '.github')).toBeUndefined()
})

test.each([
  ['comment: sometimes', /comment/, '.github/proctor.yml', 1],
  ['comment: always\ngrnts: []', /grants/, '.github/proctor.yml', 2],
  ['a: [', /./, '.github/proctor.yml', 1],
  ['_extends: evil/repo', /_extends/, '.github/proctor.yml', 1],
  [`judge_model: "${'x'.repeat(1_048_577)}"`, /bytes/, '.github/proctor.yml', 1],
])('%#: what is wrong is named with its line', async (text, message, file, line) => {
  const broken = await of(files({ [`acme/agents@${base}:.github/proctor.yml`]: text })).catch((error) => error)
  expect(broken).toBeInstanceOf(Problems)
  expect(broken.all[0]).toMatchObject({ message: expect.stringMatching(message), place: { file, line } })
})

test('a file of the organisation is named by its repository', async () => {
  const broken = await of(files({ 'acme/.github@:.github/proctor.yml': 'x: 1' })).catch((error) => error)
  expect(broken.all[0].place.file).toBe('acme/.github/.github/proctor.yml')
})

test('one that is too large for GitHub to hand it out is named too, and a failure of GitHub is none of the file', async () => {
  const failing = (code: 'config_invalid' | 'github_failed') => of(() => Promise.reject(new ProctorError(code, 'found 2 GB')))
  const broken = await failing('config_invalid').catch((error) => error)
  expect(broken).toBeInstanceOf(Problems)
  expect(broken.all[0]).toMatchObject({ message: 'found 2 GB', place: { file: '.github/proctor.yml', line: 1 } })
  await expect(failing('github_failed')).rejects.toMatchObject({ code: 'github_failed' })
})
