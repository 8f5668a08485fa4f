import { stripVTControlCharacters } from 'node:util'
import type { Score } from '../domain/grade.ts'
import type { Run, Trust } from '../domain/plan.ts'
import type { RunRecord } from '../domain/record.ts'
import type { ScorerSpec } from '../domain/scorer.ts'
import { clip } from '../lib/clip.ts'
import type { Room } from '../seams/room.ts'
import type { World } from '../seams/world.ts'

type ScorerContext = {
  readonly spec: ScorerSpec
  readonly run: Run
  readonly record: RunRecord
  readonly room: Room
  readonly world: Pick<World, 'blobs'>
  readonly signal: AbortSignal
}
/** Whatever the agent did is a Score. Throws only what is not the agent's: an infrastructure error, or `scorer_broken`. */
export type Scorer = (context: ScorerContext) => Promise<Score>

type Found = {
  readonly spec: ScorerSpec
  readonly trust: Trust
  readonly status: Score['status']
  readonly evidence: string
  /** 0..1; default 1 for PASS, else 0. */
  readonly score?: number
}

export function scored({ spec, trust, status, evidence, score = status === 'PASS' ? 1 : 0 }: Found): Score {
  const { name, type, required } = spec
  return { name, type, required, status, score, trust, evidence: excerpt(evidence, mostEvidence) }
}

/** Bytes of UTF-8. */
const mostEvidence = 4096

/** A text for people: head and tail of it, at most `most` bytes of UTF-8, without terminal colours and control characters. */
export const excerpt = (text: string, most: number): string =>
  clip(
    stripVTControlCharacters(clip(text, most * 8).text)
      .replaceAll('\r\n', '\n')
      .replaceAll(unprintable, '\u{fffd}'),
    most,
  ).text

const unprintable = /[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** A live tree holds whatever the agent planted in it, so what runs there proves nothing. */
export const trustIn = (room: Room, trust: Trust): Trust => (room.live ? 'unverified' : trust)
