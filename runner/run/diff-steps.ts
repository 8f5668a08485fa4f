import type { StepBody } from '../domain/step.ts'

/** Edits to show, and bytes of diff in one. */
const maxEdits = 200
const maxHunks = 16 * 1024

/** The files that a patch changes, each as an edit: for agents whose writing nobody could watch. */
export function* editsOf(patch: string): Generator<StepBody> {
  const files = patch.split(/^diff --git /m).slice(1)
  for (const file of files.slice(0, maxEdits)) {
    const hunks = file.indexOf('\n@@ ')
    const diff = hunks === -1 ? '' : file.slice(hunks + 1, hunks + 1 + maxHunks)
    const cut = hunks !== -1 && file.length - hunks - 1 > maxHunks
    yield { kind: 'edit', detail: { path: pathOf(file), ...(diff ? { diff } : {}), ...(cut ? { cut } : {}) } }
  }
  if (files.length > maxEdits)
    yield { kind: 'assistant', detail: { text: `[... ${files.length - maxEdits} more files were changed ...]`, cut: true } }
}

/** After a rename and for a new file the new name; for a deleted file the old one. */
function pathOf(file: string): string {
  const headers = file.slice(0, Math.max(0, file.search(/^@@ /m)) || undefined)
  const named =
    /^\+\+\+ "?b\/(.*?)"?$/m.exec(headers) ??
    /^rename to "?(.*?)"?$/m.exec(headers) ??
    /^--- "?a\/(.*?)"?$/m.exec(headers) ??
    / "?b\/(.*?)"?$/m.exec(headers)
  return named?.[1]?.trimEnd() ?? ''
}
