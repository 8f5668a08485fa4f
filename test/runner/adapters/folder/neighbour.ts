import { openFolder } from '../../../../runner/adapters/folder/folder.ts'
import { toError } from '../../../../runner/domain/error.ts'
import { fakePlan } from '../../../fakes/plans.ts'
import { fakeResult } from '../../../fakes/results.ts'

// Another proctor on the same folder: it holds the lock, or keeps results until somebody kills it.
const [out = '', does] = process.argv.slice(2)
const say = (text: string) => process.stdout.write(`${text}\n`)
try {
  const folder = await openFolder({ out, version: '0.0.0-test' })
  if (does === 'hold') say('holding')
  else {
    const plan = fakePlan({ samples: 400 })
    await folder.records.begin(plan)
    const done = new Set((await folder.records.results(plan.id)).map(({ run }) => run.id))
    const due = (plan.batches[0]?.runs ?? []).filter(({ id }) => !done.has(id))
    for (const run of due) {
      await folder.records.keep(plan.id, await fakeResult(run, folder.blobs, 'pass', 1 + (done.size % 20)))
      done.add(run.id)
      if (run === due[0]) say('working')
    }
  }
} catch (thrown) {
  const { code, message } = toError(thrown)
  say(`${code}: ${message}`)
}
setInterval(() => {}, 1000)
