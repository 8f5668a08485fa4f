import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { ProctorError } from '../runner/domain/error.ts'
import { keyless } from '../runner/lib/keyless.ts'
import { shipped } from '../runner/lib/shipped.ts'
import type { Job } from './job.ts'

/** The base image, made once on a machine: a fresh runner takes about a minute for it. Throws `base_image_missing`. */
export async function ensureImage({ settings, log, signal }: Pick<Job, 'settings' | 'log' | 'signal'>): Promise<void> {
  const child = spawn('bash', [shipped('script', 'bootstrap'), '--image'], {
    env: forBootstrap(settings.variables),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said = `${said}${bytes}`.slice(-4000)
      for (const line of String(bytes).split('\n').filter(Boolean)) log.say(line)
    })
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new ProctorError('base_image_missing', `script/bootstrap --image ended with ${code}`, { log: said })
}

/** Making an image takes none of the job's secrets. The runner's own Node brings an npm, for machines that have no other. */
const forBootstrap = (variables: Job['settings']['variables']) => ({
  ...keyless(variables),
  INPUT_TOKEN: undefined,
  PATH: `${variables.PATH ?? ''}${delimiter}${dirname(process.execPath)}`,
})
