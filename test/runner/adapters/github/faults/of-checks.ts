import { closeChecks, openChecks } from '../../../../../runner/adapters/github/github.ts'
import { ProctorError } from '../../../../../runner/domain/error.ts'
import type { Seen } from '../../../../support/github/faults.ts'
import { repo } from '../desk.ts'
import { type Kind, type Kinds, own, type Stage, to } from './stage.ts'

const isPart = ({ name }: Seen['json']) => String(name).includes(' / ')
const annotations = ({ output }: Seen['json']) => (output as { annotations?: unknown[] } | undefined)?.annotations?.length
const update = (many: number | undefined) => to('PATCH', '/{check_run_id}', (json) => annotations(json) === many)

export const ofChecks: Kinds = {
  'the list of check runs': examining(to('GET', '/commits/{ref}/check-runs')),
  'the create of the aggregate': examining(to('POST', '/check-runs', (json) => !isPart(json))),
  'the create of a check run': examining(to('POST', '/check-runs', isPart)),
  'the completion of a check run': examining(update(50), 52),
  'the completion of the aggregate': examining(update(undefined)),
  'more annotations': examining(update(2), 52),
  'the look at a check run that was left': closing(to('GET', '/{check_run_id}')),
  'the close of a check run': closing(update(undefined)),
}

export const showsOf = (stage: Stage, name: string, said: string[]) =>
  openChecks({
    ...stage.given(said),
    sha: stage.pull.sha,
    externalId: 'proctor:1001.1',
    read: async () => undefined,
    files: new Set(['evals/parser.csv']),
    name,
  })

/** As the action does it. */
function examining(fits: Kind['fits'], failures: 1 | 52 = 1): (stage: Stage) => Kind {
  return (stage) => ({
    fits,
    async act(name, said) {
      const checks = showsOf(stage, name, said)
      const { plan, report } = failures === 1 ? stage.few : stage.many
      try {
        await checks.begin(plan.batches)
        await checks.publish(report)
      } catch (error) {
        await checks.fail([error instanceof ProctorError ? error : new ProctorError('internal_error', String(error))]).catch(() => {})
        throw error
      }
    },
    async shown(name) {
      const runs = await stage.checkRunsOf(name)
      const asked = { ...own, check_run_id: Number(runs.find((run) => run.name !== name)?.id), per_page: 100 }
      const { data } = await stage.client(stage.token).api.rest.checks.listAnnotations(asked)
      return [...runs.map((run) => [String(run.name).slice(name.length), run.conclusion]), data.length]
    },
    expected: [['', 'failure'], [' / fixer / parser', 'failure'], failures],
  })
}

function closing(fits: Kind['fits']): (stage: Stage) => Kind {
  return (stage) => ({
    fits,
    async act(name, said) {
      const checks = showsOf(stage, name, said)
      await checks.begin([])
      await closeChecks(stage.given(said).github, repo, checks.open, 'over')
    },
    shown: async (name) => (await stage.checkRunsOf(name)).map(({ conclusion }) => conclusion),
    expected: ['cancelled'],
    takes: ['404'],
  })
}
