import { resolve } from 'node:path'
import type { Plan } from '../../runner/domain/plan.ts'
import type { Conclusion, Report } from '../../runner/domain/report.ts'
import { readArgs, type Usage } from '../args.ts'
import { newOutFolder } from '../out-folder.ts'
import { readSettings } from '../settings.ts'
import { version } from '../version.ts'

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
    { name: 'judge', value: 'MODEL', help: 'provider/model for every rubric, or `none`' },
    { name: 'out', value: 'DIR', help: 'Where results and report go (default: a new folder in .proctor/)' },
    { name: 'resume', value: 'DIR', help: 'Go on with an output folder: nothing that was recorded is run again' },
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
  const out = resolve(resume ?? args.text('out') ?? newOutFolder(new Date()))
  const root = resolve(args.positionals[0] ?? '.')

  const [{ openWorld }, { conclude, execute }, { makePlan }, { openProgress }, { stopOnSignals }, { cpus }] = await Promise.all([
    import('../../runner/adapters/preset.ts'),
    import('../../runner/evaluate.ts'),
    import('../../runner/plan/make-plan.ts'),
    import('../progress.ts'),
    import('../signals.ts'),
    import('node:os'),
  ])
  const width = args.integer('concurrency', { min: 1, max: 256 }) ?? 2 * cpus().length
  using stop = stopOnSignals(process.stderr)
  using progress = openProgress({ stream: process.stderr, plain: settings.plain, quiet: args.on('quiet') })
  await using world = await openWorld({
    ...settings,
    out,
    version,
    watch: progress.watch,
    keepSandboxes: args.on('keep-sandbox'),
    live: true,
  })

  const plan = resume
    ? await world.storedPlan()
    : await makePlan(
        {
          root,
          agents: args.list('agent'),
          evals: args.list('eval'),
          samples: args.list('sample'),
          epochs: args.integer('epochs', { min: 1, max: 1000 }),
          judge: args.text('judge'),
          defaultJudge: settings.judgeModel,
        },
        world,
        stop.signal,
      )
  await world.records.begin(plan)
  await execute(plan, world, stop.signal, { width })
  const report = await conclude(plan, world)
  progress.close()
  say({ report, plan, out, json: args.on('json'), quiet: args.on('quiet'), interrupted: stop.signal.aborted })
  return stop.signal.aborted ? 130 : exitCodes[report.conclusion]
}

/** The check run's conclusion, as a shell sees it. */
const exitCodes: Record<Conclusion, number> = { success: 0, failure: 1, action_required: 2, neutral: 3, cancelled: 130 }

function say({
  report,
  plan,
  out,
  json,
  quiet,
  interrupted,
}: {
  report: Report
  plan: Plan
  out: string
  json: boolean
  quiet: boolean
  interrupted: boolean
}) {
  if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  const print = (text: string) => process.stderr.write(`${text}\n`)
  if (!quiet) for (const warning of [...plan.warnings, ...report.warnings]) print(`warning: ${warning}`)
  for (const batch of report.batches) {
    const { pass, fail, unscored } = batch.totals
    print(
      `${mark[batch.conclusion]} ${batch.agent} / ${batch.eval}: ${pass} pass, ${fail} fail${unscored ? `, ${unscored} unscored` : ''}. ${batch.reason}`,
    )
  }
  if (interrupted)
    print(
      `stopped: ${report.missing.length} of ${report.totals.runs + report.missing.length} runs have no result. Go on with: proctor run --resume ${out}`,
    )
  print(`report: ${resolve(out, 'report.html')}`)
}
const mark: Record<Conclusion, string> = { success: '✓', failure: '✗', neutral: '-', cancelled: '-', action_required: '!' }
