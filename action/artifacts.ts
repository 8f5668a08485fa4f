import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DefaultArtifactClient } from '@actions/artifact'
import { unpackZip } from '../runner/adapters/preset.ts'
import { ProctorError } from '../runner/domain/error.ts'
import type { Job } from './job.ts'

/** By check name, so that two proctors of one workflow do not take each other's. */
export const artifactNames = (check: string) => {
  const plain = check.replaceAll(/[^A-Za-z0-9._-]+/g, '-')
  return { report: `${plain}-report`, records: `${plain}-records`, plan: `${plain}-plan`, shards: `${plain}-shard-` }
}

/** What people look at, and what a later plan takes over. */
const parts = {
  report: ['report.html', 'report.json', 'summary.md', 'junit.xml', 'badges', 'runs'],
  records: ['plan.json', 'results.jsonl', 'blobs', 'report.json', 'shard.json'],
} as const

/** Uploads files of the output folder; gives the artifact's page, or undefined where artifacts cannot be kept, and says why. */
export async function upload(job: Job, name: string, part: keyof typeof parts, folder = job.out): Promise<string | undefined> {
  const { settings, log } = job
  try {
    const files = (await Promise.all(parts[part].map((path) => filesBelow(join(folder, path))))).flat()
    if (files.length === 0) return undefined
    const client = new DefaultArtifactClient()
    const { id } = await log.aside(() => client.uploadArtifact(name, files, folder, { compressionLevel: 6 }))
    return `${settings.runUrl}/artifacts/${id}`
  } catch (error) {
    log.say(`the artifact ${name} was not kept: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** Artifacts of this very workflow run, by the beginning of their names, each unpacked into a folder of its own. */
export async function downloadOwn({ settings, log }: Job, prefix: string, exact = false): Promise<ReadonlyMap<string, string>> {
  const client = new DefaultArtifactClient()
  const { artifacts } = await log.aside(() => client.listArtifacts({ latest: true }))
  const wanted = artifacts.filter(({ name }) => (exact ? name === prefix : name.startsWith(prefix)))
  const folders = new Map<string, string>()
  for (const { id, name } of wanted) {
    const path = join(settings.temporary, 'artifacts', String(id))
    await mkdir(path, { recursive: true })
    await log
      .aside(() => client.downloadArtifact(id, { path }))
      .then(
        () => folders.set(name, path),
        (error: Error) => log.say(`the artifact ${name} could not be read: ${error.message}`),
      )
  }
  return folders
}

/** Of another workflow run, by its number, unpacked with limits. */
export async function downloadOther({ door, github, settings }: Job, id: number): Promise<string> {
  const folder = join(settings.temporary, 'artifacts', String(id))
  await mkdir(folder, { recursive: true })
  const zip = join(folder, 'artifact.zip')
  await door.downloadArtifact(github, settings.repo, id, zip, mostBytes)
  await unpackZip(zip, join(folder, 'content'))
  return join(folder, 'content')
}
const mostBytes = 512 * 2 ** 20

async function filesBelow(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return []
  if (found.isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

export function needed(folder: string | undefined, name: string): string {
  if (folder === undefined)
    throw new ProctorError(
      'shard_refused',
      `this workflow run has no artifact ${name}: the job with \`mode: plan\` has to come first, and to succeed`,
    )
  return folder
}
