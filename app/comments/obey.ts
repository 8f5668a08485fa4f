import type { WebWorld } from '../web/world.ts'
import { accept, rerunFailed } from './again.ts'
import { approve } from './approve.ts'
import { cancel } from './cancel.ts'
import { expected } from './expect.ts'
import { feedback } from './feedback.ts'
import { type Command, usage } from './grammar.ts'
import { type Answer, done, type Heard, type HeardAtPull, refused } from './heard.ts'
import { quarantine } from './quarantine.ts'
import { run } from './run.ts'

/** Whether somebody who may not write here may say this: it changes nothing that decides anything. */
export const isForAll = (command: Command): boolean => command.do === 'help' || command.do === 'feedback' || command.do === 'wrong'

/** Does what a comment says, if it may be said by them and there. Done twice, it is done once. */
export async function obey(command: Command, heard: Heard, world: WebWorld): Promise<Answer> {
  if (!heard.mayWrite && !isForAll(command)) return refused('That needs write access to this repository.')
  switch (command.do) {
    case 'help':
      return done(help)
    case 'misunderstood':
      return refused(`Not understood: ${command.why}.\n\n${help}`)
    case 'feedback':
    case 'wrong':
      return feedback(command, heard, world)
    case 'expect':
      return expected(command, heard, world)
    default: {
      const { pull } = heard.comment
      if (pull === undefined) return refused(`\`/proctor ${command.do}\` is about a pull request, and this is none.`)
      return atPull(command, { ...heard, number: pull }, world)
    }
  }
}

type ForPulls = Exclude<Command, { do: 'help' | 'misunderstood' | 'feedback' | 'wrong' | 'expect' }>

function atPull(command: ForPulls, heard: HeardAtPull, world: WebWorld): Promise<Answer> {
  switch (command.do) {
    case 'run':
      return run(command, heard, world)
    case 'rerun failed':
      return rerunFailed(heard, world)
    case 'cancel':
      return cancel(heard, world)
    case 'accept':
      return accept(heard, world)
    case 'approve':
      return approve(command, heard, world)
    case 'quarantine':
    case 'unquarantine':
      return quarantine(command, heard, world)
  }
}

const help = ['In the first line of a comment:', '', '```text', ...usage, '```'].join('\n')
