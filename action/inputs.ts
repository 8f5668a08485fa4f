import { z } from 'zod'
import { Problems, ProctorError } from '../runner/domain/error.ts'
import { didYouMean } from '../runner/lib/nearest.ts'

const list = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .pipe(z.array(z.string()))
const blank = <T extends z.ZodType>(schema: T) => z.union([z.literal('').transform(() => undefined), schema])
const flag = z.enum(['true', 'false', '']).transform((text) => text === 'true')
const count = (min: number, max: number) => blank(z.coerce.number().int().min(min).max(max))

/** Every input of action.yml, by its name there. */
const schema = z.object({
  path: z.string().transform((text) => text || '.'),
  evals: list,
  agent: list,
  epochs: count(1, 1000),
  concurrency: count(1, 256),
  'judge-model': blank(z.string().regex(/^(none|[\w.-]+\/.+)$/, 'provider/model, such as openai/gpt-5-mini, or none')),
  'min-pass-rate': blank(z.coerce.number().min(0).max(1)),
  'no-regressions': blank(z.enum(['true', 'false']).transform((text) => text === 'true')),
  'max-cost-usd': blank(z.coerce.number().positive()),
  'min-trust': blank(z.enum(['black-box', 'in-process', 'unverified'])),
  'fail-on': z.enum(['error', 'regression', 'never', '']).transform((text) => text || 'error'),
  comment: blank(z.enum(['changes', 'always', 'never'])),
  'check-name': z
    .string()
    .transform((text) => text || 'proctor')
    .pipe(
      z
        .string()
        .max(100)
        .regex(/^[\w .()-]+$/, 'letters, digits, spaces, dots, hyphens'),
    ),
  baseline: z.enum(['auto', 'all', 'none', '']).transform((text) => text || 'auto'),
  'budget-usd': blank(z.coerce.number().positive()),
  record: blank(z.string()),
  replay: blank(z.string()),
  all: flag,
  shard: blank(z.string().regex(/^[1-9]\d{0,2}\/[1-9]\d{0,2}$/, 'i/n, such as 2/4')),
  shards: count(1, 256),
  mode: z.enum(['run', 'plan', 'merge', '']).transform((text) => text || 'run'),
  out: blank(z.string()),
  token: z.string(),
})
export type Inputs = z.output<typeof schema>
const names = Object.keys(schema.shape)

type Variables = Readonly<Record<string, string | undefined>>
/** The name under which the runner hands an input over. */
const given = (name: string, variables: Variables) => variables[`INPUT_${name.toUpperCase()}`]?.trim() ?? ''

/** What holds where nobody said anything, or where what was said does not count. */
export const defaultInputs = (): Inputs => schema.parse(Object.fromEntries(names.map((name) => [name, ''])))

/** Inputs that earlier releases had, or that other tools call otherwise. */
const renamed: Readonly<Record<string, string>> = {
  eval: 'evals',
  judge: 'judge-model',
  gate: 'min-pass-rate',
  'github-token': 'token',
  'repo-token': 'token',
}

/** Reads and checks every input; all problems in one go. `variables` = the runner's, where inputs are INPUT_NAME. */
export function readInputs(variables: Variables): Inputs {
  const there = Object.keys(variables).filter((name) => name.startsWith('INPUT_') && variables[name] !== '')
  const strange = there.map((name) => name.slice('INPUT_'.length).toLowerCase()).filter((name) => !names.includes(name))
  const parsed = schema.safeParse(Object.fromEntries(names.map((name) => [name, given(name, variables)])))
  const problems = [
    ...strange.map((name) => unknown(name)),
    ...(parsed.success ? [] : parsed.error.issues.map(({ path, message }) => wrong(String(path[0]), message, variables))),
  ]
  if (!parsed.success || problems.length > 0) throw new Problems(problems)
  checkTogether(parsed.data)
  return parsed.data
}

function unknown(name: string): ProctorError {
  const now = renamed[name]
  return new ProctorError(
    'usage_invalid',
    now ? `the input \`${name}\` is called \`${now}\`` : `there is no input \`${name}\`${didYouMean(name, names)}`,
  )
}

/** A secret is never repeated, and no other input is worth it. */
const wrong = (name: string, message: string, variables: Variables) =>
  new ProctorError(
    'usage_invalid',
    `the input \`${name}\`: ${name === 'token' ? 'accepted: a token' : `found ${JSON.stringify(given(name, variables).slice(0, 100))}; ${message}`}`,
  )

function checkTogether({ token, record, replay, mode, shard }: Inputs): void {
  const refuse = (message: string) => {
    throw new ProctorError('usage_invalid', message)
  }
  if (token === '') refuse('the input `token` is empty; leave it out, and it is the token of the job')
  if (record !== undefined && replay !== undefined) refuse('`record` asks the models, `replay` does not: leave out one of them')
  if (shard !== undefined && mode !== 'run') refuse('`shard` belongs to `mode: run`; a plan takes `shards`')
  const [index, of] = shard?.split('/').map(Number) ?? [1, 1]
  if ((index ?? 1) > (of ?? 1)) refuse(`the input \`shard\`: found ${shard}; accepted: i/n with i up to n`)
}
