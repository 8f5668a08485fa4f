import { codeSpan } from '../../runner/report/neutral.ts'
import type { Occasion } from '../events/intent.ts'
import { hasEnded } from '../intents/again.ts'
import { askedOf, configOf } from '../intents/evaluate.ts'
import { targetOf } from '../intents/target.ts'
import type { WebWorld } from '../web/world.ts'
import type { Command } from './grammar.ts'
import { type Answer, checksOf, done, type HeardAtPull, refused, wishOf } from './heard.ts'
import { pullAt } from './of-pull.ts'

type Asked = Extract<Command, { do: 'run' }>
type Pull = Awaited<ReturnType<typeof pullAt>>['pull']

/** Another evaluation of the head as it is now, of one eval or of all that pull requests are examined with. A fork's waits for its approval. */
export async function run(command: Asked, heard: HeardAtPull, world: WebWorld): Promise<Answer> {
  const { pull, ofHead, mine } = await pullAt(heard, world)
  if (mine && hasEnded(mine)) return done(`Evaluated \`${mine.headSha}\`. ${checksOf(heard, world)}`)
  if (mine) return begun(command, heard, { sha: mine.headSha, waits: mine.state === 'waiting' }, world)
  if (!pull.isOpen) return refused('This pull request is closed.')
  if (ofHead.some(({ state }) => state === 'waiting')) return refused(askFor(pull.head))
  if (ofHead.some((one) => !hasEnded(one))) return refused(`\`${pull.head}\` is being evaluated; \`/proctor cancel\` ends that.`)
  const approved = ofHead.find(({ approvedBy }) => approvedBy !== null)
  const { repo, comment } = heard
  const asked = await whatToRun(command, { pull, heard, world })
  const { evaluation } = await world.store.evaluations.create({
    ...asked,
    ...(approved?.approvedBy && {
      ...(asked.state === 'waiting' && { state: 'queued' as const }),
      approvedBy: approved.approvedBy,
      approvedWithCredentials: approved.approvedWithCredentials,
    }),
    repoId: repo.id,
    kind: 'command',
    priority: 8,
    dedupe: wishOf(heard),
    // By GitHub's clock, as pushes are: ours may be ahead of a commit that comes after it.
    happenedAt: new Date(comment.createdAt),
    request: {
      ...asked.request,
      by: comment.author.login,
      ...(command.epochs !== undefined && { epochs: command.epochs }),
      ...(command.eval !== undefined && { aside: true }),
    },
  })
  return begun(command, heard, { sha: evaluation.headSha, waits: evaluation.state === 'waiting' }, world)
}

async function whatToRun({ eval: name }: Asked, { pull, heard, world }: { pull: Pull; heard: HeardAtPull; world: WebWorld }) {
  const { repo, github, number } = heard
  const { number: _, isOpen: __, ...now } = pull
  const occasion: Occasion = { ...now, at: 'pull_request', action: 'synchronize', pull: number, group: `pull:${number}` }
  const target = await targetOf(occasion, { repo, defaultBranch: repo.defaultBranch ?? '', github, door: world.door })
  if (!target) throw new Error('a pull request is always about something')
  const config = await configOf({ repo, target, github, world })
  const usual = 'found' in config ? config.found?.value.triggers?.pull_request : undefined
  // A draft, a label or a branch may keep proctor from beginning by itself; whoever asks has decided.
  const evals = name === undefined ? (usual === false ? [] : (usual?.evals ?? [])) : [name]
  return askedOf({ repo, target, wanted: { evals, agents: [] }, config })
}

type Begun = { readonly sha: string; readonly waits: boolean }

function begun({ eval: name, epochs }: Asked, heard: HeardAtPull, { sha, waits }: Begun, world: WebWorld): Answer {
  const what = `${name === undefined ? '' : `, eval ${codeSpan(name, 80)}`}${epochs === undefined ? '' : `, epochs: ${epochs}`}`
  return done(waits ? askFor(sha) : `Evaluating \`${sha}\`${what}. ${checksOf(heard, world)}`)
}

const askFor = (sha: string) => `This comes from a fork: \`${sha}\` waits for \`/proctor approve ${sha}\`.`
