import type { GitHubDoor } from './github-door.ts'

/** Seconds that a request may wait for a limit to end: what would wait longer comes back later, so that others get their turn. */
const patience = 20

/** Clients of one account, such as an installation, share what GitHub lets it write: it counts all of its repositories together. */
export function pacedDoor(door: GitHubDoor): GitHubDoor {
  const budgets = new Map<string, ReturnType<GitHubDoor['openBudget']>>()
  return {
    ...door,
    openGitHub(connection) {
      const { account = '' } = connection
      const budget = budgets.get(account) ?? door.openBudget()
      budgets.set(account, budget)
      return door.openGitHub({ budget, patience, ...connection })
    },
  }
}
