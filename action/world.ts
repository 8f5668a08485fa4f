import { join } from 'node:path'
import type { Preset } from '../runner/adapters/preset.ts'
import { keyless } from '../runner/lib/keyless.ts'
import { version } from '../runner/lib/version.ts'
import type { Job } from './job.ts'
import { cassettes } from './planning.ts'
import type { Trees } from './trees.ts'

/** The world of one job. Code of strangers gets one without a single key, whatever the machine holds. */
export function worldOf(job: Job, { trees, earlier, out = job.out }: { trees?: Trees; earlier: readonly string[]; out?: string }): Preset {
  const { settings, occasion, log } = job
  const { variables, temporary, repo } = settings
  const [organisation] = repo.split('/')
  return {
    out,
    cacheDir: variables.PROCTOR_CACHE ?? join(variables.RUNNER_TOOL_CACHE ?? temporary, 'proctor'),
    configDir: join(temporary, 'config'),
    variables: { ...(occasion.trusted ? variables : keyless(variables)), PROCTOR_ORGANISATION: organisation },
    version,
    watch: log.watch,
    keepSandboxes: false,
    live: false,
    earlier,
    ...cassettes(job, trees),
  }
}
