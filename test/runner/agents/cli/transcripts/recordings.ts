import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { SessionFile, Transcript, TranscriptReader } from '../../../../../runner/agents/cli/cli.ts'
import { readAider } from '../../../../../runner/agents/cli/transcripts/aider.ts'
import { readClaudeCode } from '../../../../../runner/agents/cli/transcripts/claude-code.ts'
import { readCodex } from '../../../../../runner/agents/cli/transcripts/codex.ts'
import { readCursor } from '../../../../../runner/agents/cli/transcripts/cursor.ts'
import { readGemini } from '../../../../../runner/agents/cli/transcripts/gemini.ts'
import { readOpencode } from '../../../../../runner/agents/cli/transcripts/opencode.ts'
import { readQwen } from '../../../../../runner/agents/cli/transcripts/qwen.ts'
import type { StepBody } from '../../../../../runner/domain/step.ts'

export const folder = join(import.meta.dirname, '../../../../fixtures/cli-streams')

const readers = {
  aider: readAider,
  claude: readClaudeCode,
  codex: readCodex,
  cursor: readCursor,
  gemini: readGemini,
  opencode: readOpencode,
  qwen: readQwen,
} satisfies Record<string, (live: (step: StepBody, at: Date) => void) => TranscriptReader>
export type Cli = keyof typeof readers

/** When everything is received in tests that do not care: before any recording was made. */
export const receivedAt = new Date('2026-11-01T00:00:00Z')

export const fixture = (name: string): Buffer => readFileSync(join(folder, name))

/** Where a CLI keeps the log that a recording calls by another name. */
const logs: readonly (readonly [RegExp, string])[] = [
  [/^codex-.*\.rollout\.jsonl$/, '.codex/sessions/2026/11/21/rollout-2026-11-21T03-48-48-0.jsonl'],
  [/^claude-.*\.session\.jsonl$/, '.claude/projects/-home-user-workspace/a.jsonl'],
  [/^claude-.*\.subagent\.jsonl$/, '.claude/projects/-home-user-workspace/a/subagents/agent-b.jsonl'],
  [/^gemini-.*\.session\.jsonl$/, '.gemini/tmp/workspace/chats/session-2026-11-24T12-41-0.jsonl'],
  [/^qwen-.*\.session\.jsonl$/, '.qwen/projects/-home-user-workspace/chats/a.jsonl'],
  [/^aider-.*\.chat\.history\.md$/, '.aider.chat.history.md'],
]

export type Recording = { readonly name: string; readonly cli: Cli; readonly stream: Buffer; readonly sessions: readonly SessionFile[] }

/** Every stream, with its session logs. */
export const recordings: readonly Recording[] = readdirSync(folder)
  .filter((file) => file.includes('.stdout.'))
  .map((file) => {
    const name = file.replace(/\.stdout\..*$/, '')
    const sessions = readdirSync(folder)
      .filter((each) => each.startsWith(`${name}.`))
      .flatMap((each) => {
        const path = logs.find(([pattern]) => pattern.test(each))?.[1]
        return path ? [{ path, bytes: fixture(each) }] : []
      })
    return { name, cli: basename(name).split('-')[0] as Cli, stream: fixture(file), sessions } // recordings begin with what made them
  })

export const recording = (name: string): Recording => {
  const found = recordings.find((each) => each.name === name)
  if (!found) throw new Error(`no recording ${name}`)
  return found
}

export type Read = Transcript & { readonly live: readonly StepBody[] }

/** All of a stream read, in the pieces given. */
export function read(cli: Cli, pieces: readonly (string | Uint8Array)[], sessions: readonly SessionFile[] = []): Read {
  const live: StepBody[] = []
  const reader = readers[cli]((step) => live.push(step))
  for (const piece of pieces) reader.push('stdout', typeof piece === 'string' ? Buffer.from(piece) : piece, receivedAt)
  return { ...reader.finish(sessions), live }
}

/** What had been shown before the end was known. */
export function liveOf(cli: Cli, pieces: readonly (string | Uint8Array)[]): readonly StepBody[] {
  const live: StepBody[] = []
  const reader = readers[cli]((step) => live.push(step))
  for (const piece of pieces) reader.push('stdout', typeof piece === 'string' ? Buffer.from(piece) : piece, receivedAt)
  return live
}

export const events = (...all: readonly object[]): string => all.map((event) => `${JSON.stringify(event)}\n`).join('')
export const bodies = ({ steps }: Transcript): readonly StepBody[] => steps.map(({ body }) => body)
