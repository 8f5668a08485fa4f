/** Where things are in a sandbox. The first three are part of the contract with agents. */
export const places = {
  home: '/home/user',
  agent: '/home/user/agent',
  workspace: '/home/user/workspace',
  inputs: '/home/user/inputs',
  outputs: '/home/user/outputs',
  /** What a turn is about: the brief for a CLI, the same as JSON for a function. */
  task: '/home/user/.proctor',
  taskFile: '/home/user/.proctor/task.md',
  taskInput: '/home/user/.proctor/task.json',
} as const
