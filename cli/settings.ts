import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the environment says, read once. Below a door nobody looks at process.env. */
export type Settings = {
  readonly cacheDir: string
  readonly configDir: string
  readonly judgeModel: string | undefined
  /** Plain lines instead of a live table. */
  readonly plain: boolean
  /** Whether a terminal may be coloured: https://no-color.org */
  readonly colour: boolean
  readonly variables: Readonly<Record<string, string | undefined>>
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    cacheDir: env.PROCTOR_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'proctor'),
    configDir: env.PROCTOR_CONFIG ?? join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'proctor'),
    judgeModel: env.PROCTOR_JUDGE_MODEL || undefined,
    plain: env.CI !== undefined || env.TERM === 'dumb',
    colour: !env.NO_COLOR && env.TERM !== 'dumb',
    variables: env,
  }
}
