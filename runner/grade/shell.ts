import type { Once } from '../seams/sandbox.ts'

/** An author's command line, as the only child of the sandbox's init. */
export const shell = (command: string): readonly string[] => ['/bin/bash', '-c', command]

/** How a command ended, in words. `timeoutS` in seconds. */
export function describeEnd({ exitCode, timedOut, over }: Once, timeoutS: number): string {
  if (timedOut) return `stopped after ${timeoutS} s`
  if (over) return `stopped by the limit on ${over}`
  return exitCode > 128 && exitCode < 160 ? `killed by signal ${exitCode - 128}` : `exit code ${exitCode}`
}

export const succeeded = ({ exitCode, timedOut, over }: Once): boolean => exitCode === 0 && !timedOut && over === undefined

/** A program that the shell did not find by its bare name: the workspace cannot supply one, so the image lacks it. */
export const lacksProgram = ({ exitCode, output }: Once): boolean =>
  (exitCode === 127 && /: command not found$/m.test(output)) || /No module named '?pytest'?$/m.test(output)
