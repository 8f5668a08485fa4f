import { createWriteStream } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { packPlan, unpackTree } from '../../runner/adapters/preset.ts'
import type { BlobRef } from '../../runner/domain/blob.ts'
import type { Plan } from '../../runner/domain/plan.ts'
import { makePlan, type PlanRequest } from '../../runner/plan/make-plan.ts'
import type { Blobs } from '../../runner/seams/records.ts'
import type { World } from '../../runner/seams/world.ts'
import type { Brief, Planned } from '../desk/desk.ts'
import { blobsIn } from '../store/blob-uses.ts'

/** Samples of one chunk: some minutes of work, which is all that a crash costs. */
const chunkOf = 25

type Planning = { readonly brief: Brief; readonly world: World; readonly folder: string; readonly defaultJudge: string | undefined }

/** Trees into a plan, frozen. Throws `Problems` with all that is wrong with what people wrote. */
export async function planOf({ brief, world, folder, defaultJudge }: Planning, signal: AbortSignal): Promise<Planned> {
  const head = await lay(brief.head.tree, { blobs: world.blobs, to: join(folder, 'head') })
  const base = brief.base && (await lay(brief.base.tree, { blobs: world.blobs, to: join(folder, 'base') }))
  const { config } = brief.request
  if (config !== undefined) await putConfig(base ?? head, config)
  const plan = await makePlan(requestOf(brief, { head, base, defaultJudge }), world, signal)
  const blob = await world.blobs.put(
    Readable.from(packPlan(plan)).map((text: string) => Buffer.from(text)),
    'plan.json',
  )
  return { id: plan.id, blob, batches: plan.batches.map(summaryOf), chunks: Math.ceil(samplesIn(plan) / chunkOf), uses: blobsIn(plan) }
}

async function lay(tree: BlobRef, { blobs, to }: { readonly blobs: Pick<Blobs, 'get'>; readonly to: string }): Promise<string> {
  const archive = `${to}.tar.gz`
  await mkdir(to, { recursive: true })
  await pipeline(Readable.fromWeb((await blobs.get(tree)) as never), createWriteStream(archive)) // a web stream, as node:stream calls it by another type
  await unpackTree(archive, to)
  return to
}

/** The organisation's configuration holds where the repository has none of its own. */
async function putConfig(root: string, text: string): Promise<void> {
  const folder = join(root, '.github')
  for (const name of ['proctor.yml', 'proctor.yaml']) if (await stat(join(folder, name)).catch(() => undefined)) return
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'proctor.yml'), text, { flag: 'wx' })
}

type Laid = { readonly head: string; readonly base: string | undefined; readonly defaultJudge: string | undefined }

function requestOf(brief: Brief, { head, base, defaultJudge }: Laid): PlanRequest {
  const { request, kind, repo, ref, pull } = brief
  return {
    root: head,
    fence: head,
    agents: request.agents ?? [],
    evals: request.evals ?? [],
    epochs: request.epochs,
    // Strangers' code spends nothing of ours before somebody said so.
    judge: brief.credentials ? undefined : 'none',
    defaultJudge,
    grants: 'nothing',
    trigger: {
      kind: kind === 'merge_group' ? 'pull_request' : kind,
      repo,
      ref,
      head: brief.head.commit,
      ...(pull !== undefined && { pull }),
      ...(brief.base && { base: brief.base.commit }),
    },
    ...(base !== undefined && { base: { root: base, fence: base, compare: 'failed' as const }, proposals: brief.proposals }),
  }
}

function summaryOf({ eval: name, agent, proposed = false, gate, runs }: Plan['batches'][number]): Planned['batches'][number] {
  const samples = new Map(runs.map(({ sample: { id, from } }) => [id, { id, ...(from && { place: from }) }] as const))
  return { eval: name, agent, proposed, gate, samples: [...samples.values()] }
}

/** A shard is of samples, whichever batch they are in. */
const samplesIn = ({ batches }: Plan) => new Set(batches.flatMap(({ runs }) => runs.map(({ sample }) => sample.id))).size
