import { places } from '../agents/places.ts'
import type { Json } from '../domain/blob.ts'
import type { Run } from '../domain/plan.ts'
import type { TreeFile } from '../lib/pack-tree.ts'

/** What a turn is about, as both kinds of agent read it. */
export function describeTask(run: Run, turn: { readonly id: string; readonly user: string }): readonly TreeFile[] {
  return [textFile('task.md', brief(run, turn.user)), textFile('task.json', JSON.stringify(taskInput(run, turn)))]
}

/** `task_input` of the contract. */
export function taskInput({ id, sample }: Run, turn: { readonly id: string; readonly user: string }): Readonly<Record<string, Json>> {
  const { user, input, exercise } = sample
  return {
    user_instruction: user,
    latest_user_prompt: turn.user,
    input,
    session_id: id,
    turn_id: turn.id,
    messages: [],
    scenario_state: {},
    ...(exercise
      ? {
          workspace: {
            cwd: places.workspace,
            setup_mode: exercise.setup.mode === 'none' ? null : exercise.setup.mode,
            setup_instructions: exercise.setup.mode === 'agent' ? exercise.setup.text : null,
          },
        }
      : {}),
  }
}

/** The brief of a command-line agent: the instruction, then what it cannot get in any other way. */
export function brief({ sample: { input, exercise } }: Run, user: string): string {
  const setup = exercise?.setup.mode === 'agent' ? [`## Setup\n\nSet the workspace up first:\n\n${exercise.setup.text}`] : []
  const columns = Object.keys(input).length > 0 ? [`## Input\n\n\`\`\`json\n${JSON.stringify(input, null, 2)}\n\`\`\``] : []
  return `${[user, ...setup, ...columns].join('\n\n')}\n`
}

const textFile = (path: string, content: string): TreeFile => ({ path, executable: false, content: Buffer.from(content) })
