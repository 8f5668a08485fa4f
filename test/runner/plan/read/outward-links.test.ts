import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFetcher } from '../../../../runner/adapters/fetch/fetcher.ts'
import { folderBlobs } from '../../../../runner/adapters/folder/blobs.ts'
import { Problems } from '../../../../runner/domain/error.ts'
import { makePlan } from '../../../../runner/plan/make-plan.ts'
import { fakeCredentials } from '../../../fakes/credentials.ts'
import { agentYaml, evalYaml, scenarioYaml, written } from '../../../support/written.ts'

const canary = 'c4n4ry-of-the-machine'
type Files = Parameters<typeof written>[0]

/** A repository in which everything has a place that a link can take. Beside it lies a folder of the machine, with the same in it. */
const whole = (word: string): Files => ({
  '.github/proctor.yml': `judge_model: local/${word}\n`,
  'agents/talk/agent.yaml': agentYaml('talk', `description: ${word}\n`),
  'agents/talk/main.py': `# ${word}\n\ndef run(task_input, *, proxy_url, run_token):\n    return "please"\n`,
  'agents/talk/evals/talk.yaml': evalYaml('talk', 'dataset: talk.csv\nscenario: desk\njudge: {model: local/judge, rubric: rubric.md}\n'),
  'agents/talk/evals/talk.csv': `user\n${word}\n`,
  'agents/talk/evals/rubric.md': `- **${word}**: it is polite\n`,
  'scenarios/desk/scenario.yaml': scenarioYaml(
    'desk',
    `description: ${word}\nworkspace: {dir: workspace}\noracle: {patch: solution.patch}\nscorers: [{name: grade, type: script, file: grade.py, files: checks}]\n`,
  ),
  'scenarios/desk/workspace/README.md': `${word}\n`,
  'scenarios/desk/checks/grade.py': `# ${word}\n`,
  'scenarios/desk/solution.patch': `diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-${word}\n+x\n`,
})

let machine: Awaited<ReturnType<typeof written>>
beforeAll(async () => {
  machine = await written(whole(canary))
})
afterAll(() => machine[Symbol.asyncDispose]())

/** All that a plan of these files says and holds, and what is said when there is none. */
async function told(files: Files, agents: readonly string[]): Promise<string> {
  await using tree = await written(files)
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'proctor-told-')))
  try {
    const blobs = folderBlobs(folder)
    const git = { tracked: async () => undefined, checkout: () => Promise.reject(new Error('nothing is cloned')) }
    const registries = { pypi: 'http://127.0.0.1:9', npm: 'http://127.0.0.1:9' }
    const fetcher = openFetcher({ blobs, git, cacheDir: join(folder, 'cache'), credentials: fakeCredentials({}), registries })
    const asked = { root: tree.root, fence: tree.root, agents, grants: 'nothing' } as const
    const said = await makePlan(asked, { blobs, fetcher, version: '1.0.0' }, new AbortController().signal).then(
      (plan) => JSON.stringify(plan),
      (error: unknown) => `refused: ${(error instanceof Problems ? error.all : [error]).map(String).join('\n')}`,
    )
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const kept = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1'))
    return [said, ...(await Promise.all(kept))].join('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test.each([[['talk']], [['oracle']]])('what is in the repository is read: with %j the plan and its blobs hold it', async (agents) => {
  const text = await told(whole(canary), agents)
  expect(text).not.toMatch(/^refused/)
  expect(text).toContain(canary)
})

const places = [...Object.keys(whole('')), '.github', 'agents', 'agents/talk', 'agents/talk/evals', 'scenarios', 'scenarios/desk']
test.each([...places, 'scenarios/desk/workspace', 'scenarios/desk/checks'])(
  '%s as a link out of the repository gives nothing away',
  async (place) => {
    const rest = Object.entries(whole('inside')).filter(([path]) => path !== place && !path.startsWith(`${place}/`))
    for (const agents of [['talk'], ['oracle']])
      expect(await told({ ...Object.fromEntries(rest), [place]: { link: machine.at(place) } }, agents)).not.toContain(canary)
  },
)
