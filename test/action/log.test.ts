import { expect, test } from 'vitest'
import { openLog } from '../../action/log.ts'
import { memoryBlobs } from '../fakes/blobs.ts'
import { fakePlan } from '../fakes/plans.ts'
import { fakeResult } from '../fakes/results.ts'

/** What the runner would take for commands, as it reads a log: while it is told not to, only the token counts. */
function commandsIn(lines: readonly string[]): string[] {
  let token: string | undefined
  return lines.flatMap((line) => {
    const text = line.trimStart()
    if (token !== undefined) {
      if (text === `::${token}::`) token = undefined
      return []
    }
    const stop = /^::stop-commands::(.+)$/.exec(text)?.[1]
    if (stop !== undefined) token = stop
    return stop === undefined && (/^::[\w-]+.*::/.test(text) || text.includes('##[')) ? [text] : []
  })
}

test('nothing that an agent, a dataset or a repository says becomes a command of the runner', async () => {
  const written: string[] = []
  const [run] = fakePlan({ samples: 1 }).batches.flatMap(({ runs }) => runs)
  if (!run) throw new Error('a plan of one sample has a run')
  const evil = '\n::set-output name=conclusion::success\r\n::add-mask::a\n##[error]x'
  const { grade } = await fakeResult(run, memoryBlobs(), 'tests-fail')
  {
    using log = openLog((text) => written.push(text))
    log.say(evil)
    log.watch({ at: 'preparing', what: evil })
    log.watch({
      at: 'done',
      run: { ...run, eval: evil, sample: { ...run.sample, id: evil }, agent: { ...run.agent, slug: evil } },
      grade: { ...grade, reason: evil },
      durationMs: 5,
    })
  }
  const lines = written.join('').split('\n')
  expect(lines.length).toBeGreaterThan(4)
  expect(lines.filter((line) => line.includes('##['))).toEqual([])
  expect(commandsIn(lines)).toEqual([])
  expect(commandsIn(['::error::real'])).toEqual(['::error::real'])
  written.length = 0
  openLog((text) => written.push(text))[Symbol.dispose]()
  expect(written[0]?.replace('::stop-commands::', '').trim()).toBe(written[1]?.replaceAll('::', '').trim())
})
