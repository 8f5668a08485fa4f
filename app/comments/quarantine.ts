import { codeSpan } from '../../runner/report/neutral.ts'
import type { WebWorld } from '../web/world.ts'
import type { Command } from './grammar.ts'
import { type Answer, checksOf, done, type HeardAtPull, refused } from './heard.ts'
import { newVerdict } from './of-pull.ts'

type Asked = Extract<Command, { do: 'quarantine' | 'unquarantine' }>

/** Takes a sample of the pull request's evals out of the gate, or puts it back: it runs and is shown in any case. */
export async function quarantine(command: Asked, heard: HeardAtPull, world: WebWorld): Promise<Answer> {
  const { repo, comment, number } = heard
  const { store } = world
  const found = await store.quarantine.named(repo.id, number, command.sample)
  const [one, ...others] = found
  if (!one) return refused(`No eval of this pull request has a sample ${codeSpan(command.sample)}.`)
  if (others.length > 0) {
    const names = found.map(({ agent, eval: title, sample }) => `- ${codeSpan(`/proctor ${command.do} ${agent}/${title}/${sample}`, 400)}`)
    return refused(['Several evals have such a sample. Say which:', '', ...names].join('\n'))
  }
  if (command.do === 'quarantine') await store.quarantine.put(repo.id, one, { author: comment.author.login, url: comment.url })
  else await store.quarantine.lift(repo.id, one)
  const verdict = await newVerdict(heard, world)
  const state = command.do === 'quarantine' ? 'is in quarantine: it runs and is shown, and does not count' : 'counts again'
  const sample = `${codeSpan(one.sample, 100)} of ${codeSpan(`${one.agent} / ${one.eval}`, 100)}`
  return done(`${sample} ${state}.${verdict === undefined ? '' : ` The verdict is made anew. ${checksOf(heard, world)}`}`)
}
