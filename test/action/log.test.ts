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

test('code that we ship can have values masked, and nothing is said meanwhile', async () => {
  const written: string[] = []
  const log = openLog((text) => written.push(text))
  const given = await log.aside(async () => {
    log.say('::warning::of an agent')
    written.push('::add-mask::signed\n')
    return 7
  })
  log.say('::error::of an agent')
  log[Symbol.dispose]()
  const lines = written.join('').split('\n')
  expect(given).toBe(7)
  expect(commandsIn(lines)).toEqual(['::add-mask::signed'])
  expect(lines.filter((line) => line.includes('of an agent'))).toEqual(['::warning::of an agent', '::error::of an agent'])
})

test('after trouble aside, the runner is told again to read no commands', async () => {
  const written: string[] = []
  const log = openLog((text) => written.push(text))
  await expect(log.aside(() => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer')
  log.say('::error::of an agent')
  log[Symbol.dispose]()
  expect(commandsIn(written.join('').split('\n'))).toEqual([])
})
