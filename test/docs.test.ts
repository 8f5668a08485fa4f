import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PythonFunctionFile, ShellCommandFile } from '../runner/domain/agent.ts'
import { ConfigFile } from '../runner/domain/config.ts'
import { EvalFile } from '../runner/domain/eval.ts'
import { ScenarioFile } from '../runner/domain/scenario.ts'
import { isProblems, parseYaml } from '../runner/plan/read/parse-yaml.ts'

const root = join(import.meta.dirname, '..')
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (page) => page.endsWith('.md') && existsSync(join(root, page)),
)
const text = (page: string) => readFileSync(join(root, page), 'utf8')
const schemas = { PythonFunction: PythonFunctionFile, ShellCommand: ShellCommandFile, Eval: EvalFile, Scenario: ScenarioFile } as const

const blocks = pages.flatMap((page) =>
  [...text(page).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => ({ page, yaml: yaml ?? '' })),
)
const whole = blocks.filter(({ yaml }) => /^kind:/m.test(yaml) || /^judge_model:/m.test(yaml))

test('there are examples to check', () => {
  expect(whole.length).toBeGreaterThanOrEqual(4)
})

test.each(whole)('an example of $page is right: $yaml', ({ page, yaml }) => {
  const kind = /^kind: (\w+)/m.exec(yaml)?.[1] ?? ''
  const schema = Object.entries(schemas).find(([name]) => name === kind)?.[1] ?? ConfigFile
  const parsed = parseYaml({ text: yaml, file: page, schema })
  expect(isProblems(parsed) ? parsed.map(({ place, message }) => `${place?.line} ${message}`) : []).toEqual([])
})

test.each(pages)('every relative link of %s leads somewhere', (page) => {
  const links = [...text(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, link]) => link ?? '')
  expect(links.filter((link) => !existsSync(join(root, page, '..', link)))).toEqual([])
})
