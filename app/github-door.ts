import type { loadGitHub } from '../runner/adapters/preset.ts'

/** GitHub's API as all doors use it, loaded by the process that speaks to it. */
export type GitHubDoor = Awaited<ReturnType<typeof loadGitHub>>
export type GitHubOf = ReturnType<GitHubDoor['openGitHub']>
