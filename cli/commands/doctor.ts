import { statfs } from 'node:fs/promises'
import type { Engine } from '../../runner/adapters/preset.ts'
import { toError } from '../../runner/domain/error.ts'
import { readArgs, type Usage } from '../args.ts'
import { errorText } from '../exit.ts'
import { readSettings, type Settings } from '../settings.ts'

const usage: Usage = {
  usage: 'proctor doctor [options]',
  about:
    'Checks what a run needs: engine, base image, judge, disk, and what earlier runs left behind. Exits with 3 when something is missing.',
  positionals: { min: 0, max: 0 },
  options: [
    { name: 'reap', help: 'Remove what is left, also sandboxes that --keep-sandbox kept; what a living proctor uses stays' },
    { name: 'prune', help: 'Remove snapshots that no run has used for --days days' },
    { name: 'days', value: 'N', help: 'For --prune (default: 14)' },
  ],
}

type Check = { readonly name: string; readonly state: 'ok' | 'note' | 'bad'; readonly text: string }

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const settings = readSettings()
  const { openEngine } = await import('../../runner/adapters/preset.ts')
  await using engine = await openEngine(settings)
  if (args.on('reap')) await reap(engine)
  if (args.on('prune')) await prune(engine, args.integer('days', { min: 0, max: 3650 }) ?? 14)

  const checks = [...(await engineChecks(engine)), await judgeCheck(settings), await modelsCheck(settings), await diskCheck()]
  for (const { name, state, text } of checks) process.stdout.write(`${marks[state]} ${name.padEnd(10)} ${text}\n`)
  return checks.some(({ state }) => state === 'bad') ? 3 : 0
}
const marks = { ok: '✓', note: '-', bad: '✗' } as const

async function reap(engine: Engine): Promise<void> {
  const removed = await engine.reap({ kept: true })
  for (const { what, name } of removed) process.stdout.write(`removed ${what} ${name}\n`)
}

async function prune(engine: Engine, days: number): Promise<void> {
  for (const name of await engine.prune(days)) process.stdout.write(`removed snapshot ${name}\n`)
}

async function engineChecks(engine: Engine): Promise<readonly Check[]> {
  try {
    const [report, leftovers] = await Promise.all([engine.engineReport(), engine.leftovers()])
    const { baseImage, freeBytes, snapshots, warnings } = report
    const lacking = Object.entries(report.limits).flatMap(([name, held]) => (held ? [] : [name]))
    const idle = leftovers.filter(({ state }) => state !== 'live')
    return [
      {
        name: 'engine',
        state: 'ok',
        text: `Docker ${report.version}, ${report.cpus} CPUs, ${gigabytes(report.memoryBytes)} memory, ${report.storageDriver}, cgroup ${report.cgroupVersion}`,
      },
      ...(lacking.length > 0
        ? [
            {
              name: 'limits',
              state: 'note',
              text: `the engine cannot limit ${lacking.join(', ')}${warnings.length > 0 ? `: ${warnings.join('; ')}` : ''}`,
            } as const,
          ]
        : []),
      baseImage
        ? {
            name: 'image',
            state: 'ok',
            text: `proctor-base:latest of ${baseImage.created.slice(0, 10)}, recipe ${baseImage.digest.replace('sha256:', '').slice(0, 12)}`,
          }
        : { name: 'image', state: 'bad', text: 'proctor-base:latest is not on this engine. Run script/bootstrap' },
      {
        name: 'snapshots',
        state: 'ok',
        text: `${snapshots.count}, ${gigabytes(snapshots.bytes)}${snapshots.count > 0 ? '; --prune removes old ones' : ''}`,
      },
      ...(freeBytes === undefined
        ? []
        : [
            {
              name: 'room',
              state: freeBytes < lowBytes ? 'bad' : 'ok',
              text: `${gigabytes(freeBytes)} free where the engine keeps its data`,
            } as const,
          ]),
      idle.length === 0
        ? {
            name: 'leftovers',
            state: 'ok',
            text: leftovers.length === 0 ? 'none' : `none; ${leftovers.length} in use by a proctor that is at work`,
          }
        : {
            name: 'leftovers',
            state: 'note',
            text: `${idle.map(({ what, name, state }) => `${what} ${name} (${state})`).join(', ')}; --reap removes them`,
          },
    ]
  } catch (thrown) {
    return [{ name: 'engine', state: 'bad', text: errorText(toError(thrown)) }]
  }
}

async function judgeCheck({ judgeModel, variables }: Settings): Promise<Check> {
  if (!judgeModel)
    return { name: 'judge', state: 'note', text: 'no default judge model: evals name one, --judge does, or PROCTOR_JUDGE_MODEL' }
  const { describeModel } = await import('../../runner/adapters/preset.ts')
  try {
    return { name: 'judge', state: 'ok', text: describeModel(judgeModel, variables) }
  } catch (thrown) {
    return { name: 'judge', state: 'bad', text: errorText(toError(thrown)) }
  }
}

/** Providers that agents can call through the gateway. Names of variables only: no key is ever printed. */
async function modelsCheck({ variables }: Settings): Promise<Check> {
  const { knownProviders } = await import('../../runner/adapters/preset.ts')
  const { providers } = await import('../../runner/domain/provider.ts')
  const known = knownProviders(variables).map((name) => {
    const set = [...providers[name].keys, ...providers[name].addresses].filter((variable) => variables[variable])
    return `${name} (${set.join(', ')})`
  })
  return known.length > 0
    ? { name: 'models', state: 'ok', text: `agents can be given ${known.join(', ')}` }
    : {
        name: 'models',
        state: 'note',
        text: 'no key of a model provider is set: agents that call models need ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY here, or a credential of their own',
      }
}

/** Below this, images and workspaces soon fill what is left. */
const lowBytes = 2 * 2 ** 30

async function diskCheck(): Promise<Check> {
  const { bavail, bsize } = await statfs('.')
  const free = bavail * bsize
  return { name: 'disk', state: free < lowBytes / 4 ? 'bad' : 'ok', text: `${gigabytes(free)} free in this folder` }
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
