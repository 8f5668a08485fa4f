import { statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Conclusion } from '../../runner/domain/report.ts'
import { version } from '../../runner/lib/version.ts'
import { type Args, readArgs, type Usage } from '../args.ts'
import { newOutFolder } from '../out-folder.ts'
import { readSettings } from '../settings.ts'

const usage: Usage = {
  usage: 'proctor run [PATH] [options]',
  about: 'Runs the evals of a package or a repository against its agents, grades what they left, and writes a report.',
  positionals: { min: 0, max: 1 },
  options: [
    { name: 'eval', value: 'NAME', many: true, help: 'Only this eval' },
    { name: 'agent', value: 'NAME', many: true, help: 'This agent instead of the one the eval names; `oracle` and `no-op` are built in' },
    { name: 'sample', value: 'ID', many: true, help: 'Only this sample' },
    { name: 'epochs', value: 'N', help: 'Repeat every sample N times' },
    { name: 'concurrency', value: 'N', help: 'Runs at once (default: twice the cores)' },
    { name: 'attempts', value: 'N', help: 'Try a run so often when the machine or a model provider fails (default: 3)' },
    { name: 'judge', value: 'MODEL', help: 'provider/model for every rubric, or `none`' },
    { name: 'out', value: 'DIR', help: 'Where results and report go (default: a new folder in .proctor/)' },
    { name: 'resume', value: 'DIR', help: 'Go on with an output folder: nothing that was recorded is run again' },
    { name: 'record', value: 'DIR', help: 'Keep every answer of a model, of agents and judge, in this folder' },
    { name: 'replay', value: 'DIR', help: 'Take the answers from such a folder: no key and no network is needed' },
    { name: 'json', help: 'Print report.json on stdout' },
    { name: 'quiet', short: 'q', help: 'Only the outcome' },
    { name: 'keep-sandbox', help: 'Leave the containers for a look; `proctor doctor --reap` removes them' },
  ],
  examples: [
    'proctor run                              # every eval of this repository',
    'proctor run agents/triage --eval refunds --epochs 3',
    'proctor run --resume .proctor/2026-11-21-081500',
  ],
}

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const settings = readSettings()
  const resume = args.text('resume')
  if (resume !== undefined) refuseBeside(args)
  const epochs = args.integer('epochs', { min: 1, max: 1000 })
  const width = args.integer('concurrency', { min: 1, max: 256 }) ?? 2 * cpus().length
  const cassettes = readCassettes(args)
  const out = resume ?? args.text('out') ?? newOutFolder(new Date())

  const [{ openWorld }, { conclude, execute }, { makePlan }, { openProgress }, { stopOnSignals }, { outcomeText }] = await Promise.all([
    import('../../runner/adapters/preset.ts'),
    import('../../runner/evaluate.ts'),
    import('../../runner/plan/make-plan.ts'),
    import('../progress.ts'),
    import('../signals.ts'),
    import('../outcome.ts'),
  ])
  const quiet = args.on('quiet')
  using progress = openProgress({ stream: process.stderr, plain: settings.plain, colour: settings.colour, quiet })
  using stop = stopOnSignals(progress.stopping)
  await using world = await openWorld({
    ...settings,
    out: resolve(out),
    version,
    watch: progress.watch,
    keepSandboxes: args.on('keep-sandbox'),
    ...cassettes,
    live: true,
  })

  const plan = resume
    ? await world.storedPlan()
    : await makePlan(
        {
          root: resolve(args.positionals[0] ?? '.'),
          agents: args.list('agent'),
          evals: args.list('eval'),
          samples: args.list('sample'),
          epochs,
          judge: args.text('judge'),
          defaultJudge: settings.judgeModel,
        },
        world,
        stop.signal,
      )
  await world.records.begin(plan)
  await execute(plan, world, stop.signal, { width, attempts: args.integer('attempts', { min: 1, max: 10 }) })
  const report = await conclude(plan, world)
  progress.close()
  const colour = settings.colour && process.stderr.isTTY && !settings.plain
  process.stderr.write(outcomeText(report, { out, warnings: !quiet, runs: !quiet, colour }))
  if (args.on('json')) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  return stop.signal.aborted ? 130 : exitCodes[report.conclusion]
}

/** The plan of an output folder is frozen: what would change it cannot be said beside --resume. */
function refuseBeside({ positionals, list }: Args): void {
  const given = ['eval', 'agent', 'sample', 'epochs', 'judge', 'out'].filter((name) => list(name).length > 0).map((name) => `--${name}`)
  const [first] = [...given, ...positionals]
  if (first !== undefined)
    throw new ProctorError(
      'usage_invalid',
      `--resume goes on with what its folder has planned, so ${first} cannot be given beside it. Leave out one of them`,
    )
}

/** Where recorded answers go, or come from. At a desk the person who names the folder vouches for both halves of it. */
function readCassettes(args: Args): { record?: string; replay?: { agent: string; judge: string } } {
  const record = args.text('record')
  const replay = args.text('replay')
  if (record !== undefined && replay !== undefined)
    throw new ProctorError('usage_invalid', '--record asks the models, --replay does not: leave out one of them')
  if (record !== undefined) return { record: resolve(record) }
  if (replay === undefined) return {}
  const folder = resolve(replay)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new ProctorError('usage_invalid', `--replay: ${replay} is no folder; one is made by \`proctor run --record ${replay}\``)
  return { replay: { agent: join(folder, 'agents'), judge: join(folder, 'judge') } }
}

/** The check run's conclusion, as a shell sees it. */
const exitCodes: Record<Conclusion, number> = { success: 0, failure: 1, action_required: 2, neutral: 3, cancelled: 130 }
