import { codeSpan } from '../../runner/report/neutral.ts'
import type { WebWorld } from '../web/world.ts'
import type { Command } from './grammar.ts'
import { type Answer, done, type Heard, refused, wishOf } from './heard.ts'

type Said = Extract<Command, { do: 'feedback' | 'wrong' }>
type Found = NonNullable<Awaited<ReturnType<WebWorld['store']['results']['run']>>>

/**
 * What a person says of a run is kept with the sample that the run was of. Anybody may say it; what comes from somebody who may not write here
 * is kept as that, and decides nothing.
 */
export async function feedback(command: Said, heard: Heard, { store }: Pick<WebWorld, 'store'>): Promise<Answer> {
  const { repo, comment, mayWrite } = heard
  const found = await store.results.run(repo.id, command.run, comment.pull)
  if (!found) return noSuchRun(command.run)
  const { runId, evaluationId, agent, eval: title, sampleId } = found
  await store.feedback.add({
    ...{ runId, evaluationId, agent, eval: title, sampleId },
    rating: command.do === 'wrong' ? opposite(found) : command.rating,
    body: command.text,
    trusted: mayWrite,
    ...source(heard),
  })
  const says = `Kept with ${codeSpan(sampleId, 100)} of ${codeSpan(`${agent} / ${title}`, 100)}: later reports of it show it.`
  return mayWrite ? done(says) : { did: 'noted', says: `${says} It comes from somebody without write access, so it decides nothing.` }
}

/** Who said it, when and where. `more` tells several things of one comment apart. */
export const source = (heard: Heard, more = '') => {
  const { repo, comment } = heard
  const at = new Date(comment.createdAt)
  return {
    repoId: repo.id,
    author: comment.author.login,
    authorId: comment.author.id,
    url: comment.url,
    key: `${wishOf(heard)}${more}`,
    createdAt: Number.isNaN(at.getTime()) ? new Date() : at,
  }
}

/** Runs of other repositories are not there: neither whether they exist nor whose they are is said. */
export const noSuchRun = (run: string): Answer => refused(`There is no run ${codeSpan(run)} in this repository.`)

/** The judgement is what is wrong: the run is what it was not found to be. */
const opposite = ({ verdict }: Found) => (verdict === 'pass' ? 'fail' : verdict === 'fail' ? 'pass' : 'none')
