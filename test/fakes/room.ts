import type { Change, GradeRequest, Room } from '../../runner/seams/room.ts'
import type { Once } from '../../runner/seams/sandbox.ts'

const nothingChanged: Change = { entries: [], withheld: [] }

/** A room whose sandboxes end as `answer` says. `asked` holds what it was asked for. */
export function scriptedRoom(
  answer: (request: GradeRequest) => Partial<Once>,
  change: Change = nothingChanged,
): Room & { readonly asked: GradeRequest[] } {
  const asked: GradeRequest[] = []
  return {
    asked,
    change,
    live: false,
    async grade(request) {
      asked.push(request)
      return { exitCode: 0, timedOut: false, stdout: '', output: '', ...answer(request) }
    },
  }
}
