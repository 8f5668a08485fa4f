import { openBoard } from './board.ts'
import type { Commit, Output } from './check-run.ts'

type Told = Commit & {
  readonly name: string
  readonly externalId: string
  readonly detailsUrl: string
  readonly output: Output
  readonly log: (line: string) => void
}

/** A check run that says why there is no result: who requires one is not left waiting for it. Told again, it is there once. */
export async function tellWhyNot({ name, output, detailsUrl, ...given }: Told): Promise<void> {
  const board = openBoard({ ...given, name, detailsUrl: () => detailsUrl })
  await board.adopt()
  if (!board.has(name)) await board.complete(name, 'neutral', [() => output])
}
