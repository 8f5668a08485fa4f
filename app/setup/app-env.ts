import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { ProctorError } from '../../runner/domain/error.ts'
import { dataFolder, type Variables } from '../settings.ts'

const own = ['APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET'] as const

export const appEnvOf = (variables: Variables): string => join(dataFolder(variables), 'app.env')

/**
 * The environment with what the set-up left in `app.env`, unless the App is named by the environment itself: then nothing of the file counts,
 * since half of one App and half of another is neither. Throws `app_misconfigured` for a file that others may read.
 */
export async function withAppEnv(variables: Variables): Promise<Variables> {
  if (own.some((name) => variables[name])) return variables
  const file = appEnvOf(variables)
  const mode = await modeOf(file)
  if (mode === undefined) return variables
  if ((mode & 0o077) !== 0) throw new ProctorError('app_misconfigured', `${file}: others may read it; \`chmod 600\` keeps it for its owner`)
  const said = Object.entries(variables).filter(([, value]) => value)
  return { ...parseEnv(await readFile(file, 'utf8')), ...Object.fromEntries(said) }
}

/** Throws `app_misconfigured` when there is one that may not be replaced. */
export async function expectNoAppEnv(file: string, isForced: boolean): Promise<void> {
  if (!isForced && (await modeOf(file)) !== undefined)
    throw new ProctorError('app_misconfigured', `${file}: there is an App already; --force puts another one in its place`)
}

/** Written whole or not at all, for its owner alone. Values are of one line and without quotes. Throws as `expectNoAppEnv` does. */
export async function keepAppEnv(file: string, values: Readonly<Record<string, string>>, isForced: boolean): Promise<void> {
  const text = Object.entries(values).map(([name, value]) => {
    if (!/^[\w+/=.:-]+$/.test(value)) throw new ProctorError('github_refused', `${name}: GitHub gave something that no file can hold`)
    return `${name}=${value}\n`
  })
  await mkdir(join(file, '..'), { recursive: true })
  const fresh = `${file}.new`
  await rm(fresh, { force: true })
  const handle = await open(fresh, 'wx', 0o600)
  try {
    await handle.writeFile(['# Made by `proctor serve --setup`. Whoever reads this file is the App.\n', ...text].join(''))
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (isForced) return rename(fresh, file)
  await link(fresh, file)
    .catch((error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? expectNoAppEnv(file, false) : Promise.reject(error)))
    .finally(() => rm(fresh, { force: true }))
}

const modeOf = (file: string): Promise<number | undefined> =>
  stat(file).then(
    ({ mode }) => mode & 0o777,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    },
  )
