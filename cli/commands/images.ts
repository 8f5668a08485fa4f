import { resolve } from 'node:path'
import type { CustomImage, ImageShelf } from '../../runner/adapters/preset.ts'
import { Problems, ProctorError } from '../../runner/domain/error.ts'
import { didYouMean } from '../../runner/lib/nearest.ts'
import { plain } from '../../runner/report/plain.ts'
import { duration } from '../../runner/report/wording.ts'
import { type Args, readArgs, type Usage } from '../args.ts'
import { readSettings } from '../settings.ts'

const usage: Usage = {
  usage: 'proctor images list | build | log | rm [NAME...] [options]',
  about: `Images that \`environment.dockerfile\` of agents and scenarios makes. A NAME is that of an agent or scenario, or the beginning of a digest.

  list            what is known of each: not built, building, ready or failed
  build [NAME...] build these now, by default all of the package that are not ready
  log NAME        the log of the last build
  rm NAME...      remove images, what was made of them, and their logs`,
  positionals: { min: 1, max: 100 },
  options: [
    { name: 'path', value: 'PATH', help: 'The package or repository (default: here)' },
    { name: 'rebuild', help: 'For build: from the first step on, also what is ready' },
    { name: 'force', help: 'For rm: also while sandboxes run on it' },
    { name: 'json', help: 'For list: print JSON' },
  ],
  examples: ['proctor images list', 'proctor images build triage --rebuild', 'proctor images log triage'],
}
type Recipes = Parameters<ImageShelf['list']>[0]
type Doing = { readonly images: ImageShelf; readonly names: readonly string[]; readonly args: Args }

export async function command(argv: readonly string[]): Promise<number> {
  const args = readArgs(usage, argv)
  if (!args) return 0
  const [action = '', ...names] = args.positionals
  if (!isAction(action))
    throw new ProctorError('usage_invalid', `images: found "${action}"; accepted: ${Object.keys(actions).join(', ')}${guess(action)}`)
  const [{ openEngine }, { stopOnSignals }] = await Promise.all([import('../../runner/adapters/preset.ts'), import('../signals.ts')])
  await using engine = await openEngine(readSettings())
  using stop = stopOnSignals((text) => process.stderr.write(`${text}\n`))
  try {
    await actions[action]({ images: engine.images, names, args }, stop.signal)
  } catch (thrown) {
    if (!stop.signal.aborted) throw thrown
  }
  return stop.signal.aborted ? 130 : 0
}

const actions = { list, build, log, rm: remove }
const isAction = (word: string): word is keyof typeof actions => Object.hasOwn(actions, word)
const guess = (word: string) => {
  const close = didYouMean(word, Object.keys(actions))
  return close.includes('did you mean') ? close : ''
}

async function list({ images, names, args }: Doing): Promise<void> {
  const all = await images.list((await written(args)).recipes)
  const shown = names.length > 0 ? names.flatMap((name) => select(all, name)) : all
  if (args.on('json')) return void process.stdout.write(`${JSON.stringify(shown.map(publicPart), null, 2)}\n`)
  if (shown.length === 0) process.stderr.write('no custom images: `environment.dockerfile` in agent.yaml makes one\n')
  const rows = shown.map(({ state, since, bytes, digest, of }) => [
    state,
    since === undefined ? '' : `${duration(Math.max(0, Date.now() - since))}`,
    bytes === undefined ? '' : `${Math.ceil(bytes / 1e6)} MB`,
    digest.slice(0, 12),
    of.join(', '),
  ])
  if (rows.length > 0) process.stdout.write(table([['STATE', 'FOR', 'SIZE', 'DIGEST', 'OF'], ...rows]))
}

async function build({ images, names, args }: Doing, signal: AbortSignal): Promise<void> {
  const { recipes, problems } = await written(args)
  const all = await images.list(recipes)
  if (names.length === 0 && problems.length > 0) throw new Problems(problems)
  const wanted = names.length > 0 ? names.map((name) => toBuild(recipes, all, name)) : recipes
  if (wanted.length === 0) process.stderr.write('nothing to build: `environment.dockerfile` in agent.yaml makes a custom image\n')
  for (const { recipe, of } of wanted) {
    const began = Date.now()
    const onLog = (text: string) => void process.stdout.write(plain(text))
    const built = await images.build({ recipe, of }, { again: args.on('rebuild'), signal, onLog })
    const how = built ? `built in ${duration(Date.now() - began)}` : 'was ready already; --rebuild builds it again'
    process.stderr.write(`${of}: ${how}\n`)
  }
}

async function log({ images, names, args }: Doing): Promise<void> {
  const [name, ...more] = names
  if (name === undefined || more.length > 0) throw new ProctorError('usage_invalid', 'images log needs one NAME')
  const [newest] = select(await images.list((await written(args)).recipes), name)
  const text = newest && (await images.log(newest.digest))
  if (text === undefined) throw new ProctorError('usage_invalid', `the image of ${name} has not been built yet, so it has no log`)
  process.stdout.write(plain(text))
}

async function remove({ images, names, args }: Doing): Promise<void> {
  if (names.length === 0) throw new ProctorError('usage_invalid', 'images rm needs a NAME')
  const all = await images.list([])
  for (const { digest, of } of new Set(names.flatMap((name) => select(all, name)))) {
    await images.remove(digest, { force: args.on('force') })
    process.stderr.write(`removed ${digest.slice(0, 12)} of ${of.join(', ')}\n`)
  }
}

/** Outside of any package there is still what was built before. */
async function written(args: Args) {
  const { customRecipes } = await import('../../runner/plan/custom-recipes.ts')
  const path = args.text('path')
  try {
    return customRecipes(resolve(path ?? '.'))
  } catch (thrown) {
    if (path === undefined && thrown instanceof ProctorError && thrown.code === 'package_not_found') return { recipes: [], problems: [] }
    throw thrown
  }
}

/** What the package says now, else what was known under that name last. */
function toBuild(recipes: Recipes, all: readonly CustomImage[], name: string): Recipes[number] {
  const own = recipes.find(({ of }) => of === name)
  if (own) return own
  const [known] = select(all, name)
  return { recipe: known?.recipe ?? [], of: known?.of[0] ?? name }
}

/** All of an agent or scenario, the latest first, or the one whose digest begins so. Throws `usage_invalid`. */
function select(all: readonly CustomImage[], name: string): readonly CustomImage[] {
  const named = all.filter(({ of }) => of.includes(name))
  if (named.length > 0) return named
  const begun = /^[0-9a-f]{4,64}$/.test(name) ? all.filter(({ digest }) => digest.startsWith(name)) : []
  if (begun.length > 1) throw new ProctorError('usage_invalid', `"${name}" begins ${begun.length} digests; give more of it`)
  if (begun.length === 1) return begun
  const names = [...new Set(all.flatMap(({ of }) => of))]
  throw new ProctorError('usage_invalid', `no custom image is known as "${name}"${didYouMean(name, names)}`)
}

const publicPart = ({ recipe: _, since, ...rest }: CustomImage) => ({
  ...rest,
  ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
})

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((text, at) => text.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
