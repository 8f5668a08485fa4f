import { z } from 'zod'
import { ProctorError } from '../../domain/error.ts'
import { ScriptScorer } from '../../domain/scorer.ts'
import { collectedFiles } from '../collected.ts'
import { excerpt, type Scorer, scored, trustIn } from '../score.ts'
import { describeEnd, succeeded } from '../shell.ts'

const Options = z.object({ file: ScriptScorer.shape.file, timeout_s: ScriptScorer.shape.timeout_s })
const Told = z.object({ score: z.number().min(0).max(1).optional(), evidence: z.string().optional() })

/**
 * PASS exactly when the author's grader exits 0. It holds its expected values under another uid, and starts the agent's code as an
 * unprivileged child, so that code meets nothing but its own input.
 */
export const script: Scorer = async ({ spec, room }) => {
  if (!spec.files) throw new ProctorError('scorer_broken', `The scorer "${spec.name}" has no files, so its grader is missing.`)
  const { file, timeout_s } = Options.parse(spec.options)
  const path = `/proctor/grader/${file}`
  const ended = await room.grade({
    // Modules beside the grader may be imported; nothing else that a user could have left.
    command: file.endsWith('.py') ? ['python3', '-E', '-s', path] : ['/bin/bash', path],
    as: 'grader',
    timeoutMs: timeout_s * 1000,
    files: spec.files,
    collect: '/proctor/result',
  })
  const told = await readResult(ended.collected)
  const status = succeeded(ended) ? 'PASS' : 'FAIL'
  const score = told.score ?? (status === 'PASS' ? 1 : 0)
  const evidence = [`${file}: ${describeEnd(ended, timeout_s)}`, excerpt(told.evidence ?? '', 2500), excerpt(ended.output.trim(), 1400)]
  return scored({ spec, trust: trustIn(room, 'black-box'), status, score, evidence: evidence.filter(Boolean).join('\n') })
}

/** What the grader chose to say beside its exit code. */
async function readResult(collected: Uint8Array | undefined): Promise<z.infer<typeof Told>> {
  const written = (await collectedFiles(collected)).find(({ name }) => name.endsWith('result.json'))
  if (!written) return {}
  try {
    const told = Told.safeParse(JSON.parse(written.text))
    return told.success ? told.data : { evidence: 'result.json is not {"score": 0..1, "evidence": "text"}' }
  } catch {
    return { evidence: 'result.json is not JSON' }
  }
}
