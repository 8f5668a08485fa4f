import { join } from 'node:path'
import { ProctorError } from '../runner/domain/error.ts'
import { agentsOf } from '../runner/plan/agents-of-tag.ts'
import type { PlanRequest } from '../runner/plan/make-plan.ts'
import type { Job } from './job.ts'
import type { Trees } from './trees.ts'

/** What is asked for, in the words of the engine. Throws `event_unsupported` for a tag that is no agent's release. */
export async function planRequest(job: Job, { head, base }: Trees): Promise<PlanRequest> {
  const { inputs, settings, occasion } = job
  const { repo, variables } = settings
  const judge = occasion.trusted || inputs.replay !== undefined ? inputs['judge-model'] : 'none'
  return {
    root: join(head.root, inputs.path),
    fence: head.root,
    agents: released(job) ?? inputs.agent,
    evals: inputs.evals,
    epochs: inputs.epochs,
    judge,
    defaultJudge: variables.PROCTOR_JUDGE_MODEL || undefined,
    grants: 'nothing',
    trigger: {
      kind: occasion.kind === 'follow-up' ? 'push' : occasion.kind,
      repo,
      ref: occasion.ref,
      head: head.commit,
      ...(occasion.pull && { pull: occasion.pull.number }),
      ...(base && { base: base.commit }),
    },
    gate: {
      ...(inputs['min-pass-rate'] !== undefined && { min_pass_rate: inputs['min-pass-rate'] }),
      ...(inputs['no-regressions'] !== undefined && { no_regressions: inputs['no-regressions'] }),
      ...(inputs['max-cost-usd'] !== undefined && { max_cost_usd: inputs['max-cost-usd'] }),
      ...(inputs['min-trust'] !== undefined && { min_trust: inputs['min-trust'] }),
    },
    ...(inputs['budget-usd'] !== undefined && { budgetUsd: inputs['budget-usd'] }),
    ...(base && {
      base: { root: join(base.root, inputs.path), fence: base.root, compare: inputs.baseline === 'auto' ? 'failed' : inputs.baseline },
      proposals: await mayPropose(job),
    }),
  }
}

/** A changed eval runs beside the base's for whoever could have merged it anyway. */
async function mayPropose({ door, github, settings, occasion }: Job): Promise<boolean> {
  if (!occasion.trusted || !occasion.pull) return false
  return door.mayWrite(github, settings.repo, occasion.pull.author).catch(() => false)
}

function released({ occasion, inputs }: Job): readonly string[] | undefined {
  if (occasion.tag === undefined) return undefined
  const agents = agentsOf(occasion.tag)
  if (agents === 'none')
    throw new ProctorError(
      'event_unsupported',
      `the tag ${occasion.tag} is no release of an agent; accepted: <agent>@1.2.0, or v1.2.0 for all`,
    )
  return agents === 'all' ? inputs.agent : agents
}

/** Recorded answers come from the base on a pull request: whoever records them writes what the judge says. */
export function cassettes(
  { inputs, settings }: Job,
  trees: Trees | undefined,
): { readonly record?: string; readonly replay?: { readonly agent: string; readonly judge: string } } {
  if (inputs.record !== undefined) return { record: join(settings.workspace, inputs.record) }
  if (inputs.replay === undefined || !trees) return {}
  const folder = join((trees.base ?? trees.head).root, inputs.replay)
  return { replay: { agent: join(folder, 'agents'), judge: join(folder, 'judge') } }
}
