import type { Code } from '../../runner/domain/error.ts'
import type { Grade, Score } from '../../runner/domain/grade.ts'
import type { Run } from '../../runner/domain/plan.ts'
import { type Ended, noUsage, type RunRecord } from '../../runner/domain/record.ts'
import type { Result } from '../../runner/domain/result.ts'
import type { Step } from '../../runner/domain/step.ts'
import type { Blobs } from '../../runner/seams/records.ts'

/** How a run may have gone. */
export type Story = 'pass' | 'tests-fail' | 'judge-fails' | 'time-limit' | 'exception' | 'judge-broken' | 'sandbox-lost' | 'setup-failed'

/** A finished run as it really looks: steps, a diff, scores with evidence, a judgement. */
export async function fakeResult(run: Run, blobs: Blobs, story: Story = 'pass', size = 1): Promise<Result> {
  const steps = story === 'sandbox-lost' || story === 'setup-failed' ? [] : stepsOf(story, size)
  const diff = story === 'exception' || steps.length === 0 ? '' : diffOf(story, size)
  const record: RunRecord = {
    run: run.id,
    key: run.keys.run,
    ended: endings[story],
    turns: [
      {
        id: 't1',
        user: run.sample.user,
        response: responses[story],
        steps: steps.length,
        ...(diff !== '' && {
          diff: {
            files: 2,
            added: diff.split('\n').filter((line) => /^\+(?!\+\+)/.test(line)).length,
            removed: diff.split('\n').filter((line) => /^-(?!--)/.test(line)).length,
            cut: false,
            left: ['src/orders/__pycache__/parser.cpython-313.pyc'],
            text: await blobs.put(bytes(diff), 'diff.patch'),
          },
        }),
      },
    ],
    steps: await blobs.put(bytes(steps.map((step) => `${JSON.stringify(step)}\n`).join('')), 'trajectory.jsonl'),
    outputs: story === 'pass' ? [await blobs.put(bytes(`# Notes on ${run.sample.id}\n`), 'notes/summary.md')] : [],
    usage: { by: 'reported', inputTokens: 18_240, outputTokens: 2_110, costUsd: 0.0312 },
    warnings: [],
    timing: { startedAt: '2026-11-21T08:15:00.000Z', durationMs: 42_300 + run.sample.id.length * 731, agentMs: 38_000 },
  }
  return { run, record, grade: gradeOf(run, story) }
}

const endings: Record<Story, Ended> = {
  pass: { as: 'completed' },
  'tests-fail': { as: 'completed' },
  'judge-fails': { as: 'completed' },
  'judge-broken': { as: 'completed' },
  'time-limit': { as: 'limit', limit: 'time' },
  exception: { as: 'error', code: 'agent_exception', message: "KeyError: 'rows' in main.py, line 31" },
  'sandbox-lost': { as: 'error', code: 'sandbox_lost', message: 'The engine no longer knows the container.' },
  'setup-failed': { as: 'error', code: 'environment_setup_failed', message: '`pip install -e .` exited with 1: no such package "ordrs".' },
}
const responses: Record<Story, string> = {
  pass: 'The tokenizer treated every comma as a separator. I track whether the cursor is inside quotes and only split outside of them.\n\nAll 24 tests pass.',
  'tests-fail': 'I rewrote the split so that quotes are respected. The tests should pass now.',
  'judge-fails': 'Done.',
  'judge-broken': 'The tokenizer now keeps quoted commas together.',
  'time-limit': '',
  exception:
    'Traceback (most recent call last):\n  File "/home/user/agent/main.py", line 31, in run\n    rows = state["rows"]\nKeyError: \'rows\'',
  'sandbox-lost': '',
  'setup-failed': '',
}

function gradeOf(run: Run, story: Story): Grade {
  const head = { run: run.id, key: run.keys.grade, usage: { ...noUsage, by: 'reported' as const, costUsd: 0.0041 } }
  const unscored = (code: Code, reason: string, scores: readonly Score[] = []): Grade => ({
    ...head,
    scores,
    verdict: 'unscored',
    reason,
    code,
  })
  if (story === 'sandbox-lost') return unscored('sandbox_lost', 'The sandbox vanished while the agent worked.')
  if (story === 'setup-failed') return unscored('environment_setup_failed', 'The setup command of the environment exited with 1.')
  if (story === 'judge-broken')
    return unscored('judge_failed', 'The judge answered 3 times without a usable verdict (HTTP 529).', scoresOf('pass'))
  if (story === 'exception') return { ...head, scores: [], verdict: 'fail', reason: 'The agent raised KeyError.' }
  const scores = scoresOf(story)
  if (story === 'time-limit') return { ...head, scores, verdict: 'fail', reason: 'The agent ran into its time limit.' }
  const judgement = judgementOf(story)
  if (story === 'tests-fail')
    return { ...head, scores, judgement, verdict: 'fail', reason: 'The required scorer "tests" failed: 2 of 24 tests.' }
  if (story === 'judge-fails')
    return { ...head, scores, judgement, verdict: 'fail', reason: 'The judge failed 1 of 2 criteria: explains itself.' }
  return { ...head, scores, judgement, verdict: 'pass', reason: 'Every required scorer and the judge pass.' }
}

const scoresOf = (story: Story): Score[] => [
  story === 'tests-fail' || story === 'time-limit'
    ? {
        name: 'tests',
        type: 'tests',
        required: true,
        status: 'FAIL',
        score: 22 / 24,
        trust: 'in-process',
        evidence:
          "22 of 24 expected tests passed.\nFAILED tests/test_parser.py::test_quoted_comma - AssertionError: assert ['a', '\"b', 'c\"'] == ['a', 'b,c']\nFAILED tests/test_parser.py::test_escaped_quote - IndexError: string index out of range",
      }
    : {
        name: 'tests',
        type: 'tests',
        required: true,
        status: 'PASS',
        score: 1,
        trust: 'in-process',
        evidence: '24 of 24 expected tests passed; the negative control failed as it must.',
      },
  {
    name: 'scope',
    type: 'allowed_paths',
    required: true,
    status: 'PASS',
    score: 1,
    trust: 'black-box',
    evidence: '2 changed paths, all of them in src/**.',
  },
  story === 'judge-fails'
    ? {
        name: 'lint',
        type: 'command',
        required: false,
        status: 'FAIL',
        score: 0,
        trust: 'unverified',
        evidence: 'src/orders/parser.py:41:5: F841 Local variable `seen` is assigned to but never used\nFound 1 error.',
      }
    : {
        name: 'lint',
        type: 'command',
        required: false,
        status: 'N/A',
        score: 0,
        trust: 'unverified',
        evidence: 'The command is not installed in this exercise.',
      },
]

const judgementOf = (story: Story): NonNullable<Grade['judgement']> => ({
  pass: story !== 'judge-fails',
  model: 'openai/gpt-5-mini',
  reasoning:
    story === 'judge-fails'
      ? 'The change itself is small and right. The answer, however, is one word: a reviewer learns neither the cause nor why this fix is enough.'
      : 'The change touches only the tokenizer, states the cause in one sentence and adds no unrelated edits. The explanation matches the diff.',
  agreement: story === 'judge-fails' ? 2 / 3 : 1,
  samples: 3,
  cut: story === 'tests-fail' ? ['trajectory: steps 12 to 31'] : [],
  criteria: [
    {
      name: 'minimal change',
      pass: true,
      quote: 'if char == "," and not quoted:',
      reason: 'Only the split condition and its state changed.',
    },
    {
      name: 'explains itself',
      pass: story !== 'judge-fails',
      quote: story === 'judge-fails' ? 'Done.' : 'only split outside of them',
      reason: story === 'judge-fails' ? 'The response names no cause.' : 'The response names the cause and the remedy.',
    },
  ],
})

function stepsOf(story: Story, size: number): Step[] {
  const at = (second: number) => ({ at: new Date(Date.UTC(2026, 10, 21, 8, 15, second)).toISOString(), turn: 't1' })
  const first: Step[] = [
    { ...at(1), kind: 'assistant', detail: { text: 'I start with the failing test, to see what the parser does with a quoted comma.' } },
    {
      ...at(2),
      kind: 'shell',
      detail: {
        command: 'python -m pytest -q -x',
        exit_code: 1,
        output: `${'.'.repeat(11)}F\n\u001b[31mFAILED\u001b[0m tests/test_parser.py::test_quoted_comma - AssertionError: assert ['a', '"b', 'c"'] == ['a', 'b,c']\n1 failed, 11 passed in 0.31s\n`,
      },
    },
    { ...at(4), kind: 'read', detail: { path: 'src/orders/parser.py' } },
    { ...at(5), kind: 'search', detail: { query: 'def split_row', path: 'src' } },
  ]
  if (story === 'exception') return first.slice(0, 2)
  const middle = Array.from({ length: 3 * size }, (_, index): Step[] => [
    { ...at(8 + index), kind: 'edit', detail: { path: 'src/orders/parser.py', diff: editOf(index) } },
    {
      ...at(9 + index),
      kind: 'shell',
      detail: {
        command: `sed -n '${index * 10},${index * 10 + 40}p' src/orders/parser.py`,
        exit_code: 0,
        output: 'def split_row(line: str) -> list[str]:\n    fields, start, quoted = [], 0, False\n'.repeat(6),
      },
    },
  ]).flat()
  const last: Step[] = [
    {
      ...at(52),
      kind: 'tool',
      detail: {
        name: 'ticket_lookup',
        arguments: { id: 'ORD-1182' },
        result: { title: 'Comma in customer name breaks import', priority: 2 },
      },
    },
    {
      ...at(53),
      kind: 'network',
      detail: { host: 'api.example.com', port: 443, method: 'POST', url: 'https://api.example.com/v1/messages', status: 200 },
    },
    {
      ...at(55),
      kind: 'shell',
      detail:
        story === 'time-limit'
          ? { command: 'sleep 600', exit_code: null }
          : {
              command: 'python -m pytest -q',
              exit_code: story === 'tests-fail' ? 1 : 0,
              output: story === 'tests-fail' ? '2 failed, 22 passed in 0.42s\n' : '24 passed in 0.40s\n',
            },
    },
  ]
  return [...first, ...middle, ...last]
}

const editOf = (index: number) =>
  `@@ -${38 + index},6 +${38 + index},7 @@ def split_row(line: str) -> list[str]:\n     fields, start, quoted = [], 0, False\n     for index, char in enumerate(line):\n-        if char == ",":\n+        if char == '"':\n+            quoted = not quoted\n+        if char == "," and not quoted:\n             fields.append(line[start:index])\n`

const diffOf = (story: Story, size: number) =>
  `diff --git a/src/orders/parser.py b/src/orders/parser.py\nindex 3f1c2aa..9e0d1b7 100644\n--- a/src/orders/parser.py\n+++ b/src/orders/parser.py\n${Array.from({ length: size }, (_, index) => editOf(index)).join('')}diff --git a/src/orders/quoting.py b/src/orders/quoting.py\nnew file mode 100644\nindex 0000000..c0ffee1\n--- /dev/null\n+++ b/src/orders/quoting.py\n@@ -0,0 +1,${story === 'tests-fail' ? 4 : 3} @@\n+"""How a field is quoted."""\n+\n+QUOTE = '"'\n${story === 'tests-fail' ? '+ESCAPE = QUOTE * 2  # doubled, as in RFC 4180\n' : ''}`

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
