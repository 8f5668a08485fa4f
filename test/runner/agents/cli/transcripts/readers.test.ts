import { describe, expect, test } from 'vitest'
import { readClaudeCode } from '../../../../../runner/agents/cli/transcripts/claude-code.ts'
import { readCursor } from '../../../../../runner/agents/cli/transcripts/cursor.ts'
import { bodies, events, fixture, liveOf, read, receivedAt, recording } from './recordings.ts'

const say = (text: string, more = {}) => ({ type: 'assistant', message: { content: [{ type: 'text', text }] }, ...more })
const call = (id: string, name: string, input: object) => ({
  type: 'assistant',
  message: { content: [{ type: 'tool_use', id, name, input }] },
})
const result = (id: string, content: string, more = {}) => ({
  type: 'user',
  message: { content: [{ type: 'tool_result', tool_use_id: id, content, ...more }] },
})
const shell = (command: string, output: string, exit_code: number | null = 0) => ({ kind: 'shell', detail: { command, output, exit_code } })
const assistant = (text: string) => ({ kind: 'assistant', detail: { text } })

describe('while the stream runs', () => {
  test('a command is shown when its result comes, not when it begins', () => {
    const made = events(call('1', 'Bash', { command: 'make' }))
    expect(liveOf('claude', [made])).toEqual([])
    expect(liveOf('claude', [made, events(result('1', 'ok'))])).toEqual([shell('make', 'ok')])
  })

  test('calls beside each other are shown as they end, and kept in the order in which they were made', () => {
    const { live, steps } = read('claude', [
      events(call('1', 'Bash', { command: 'slow' }), call('2', 'Bash', { command: 'fast' }), result('2', 'b'), result('1', 'a')),
    ])
    expect(live).toEqual([shell('fast', 'b'), shell('slow', 'a')])
    expect(steps.map(({ body }) => body)).toEqual([shell('slow', 'a'), shell('fast', 'b')])
  })

  test('what never ended is in the transcript alone', () => {
    const { live, steps, ended } = read('claude', [
      events(call('1', 'Bash', { command: 'sleep 999' }), call('2', 'Edit', { file_path: 'a.py', old_string: 'a', new_string: 'b' })),
    ])
    expect(live).toEqual([])
    expect(steps.map(({ body }) => body)).toEqual([
      { kind: 'shell', detail: { command: 'sleep 999', exit_code: null } },
      { kind: 'edit', detail: { path: 'a.py' } },
    ])
    expect(ended).toBe('unknown')
  })

  test('a message in pieces is shown once, when something else begins', () => {
    const piece = (content: string) => events({ type: 'message', role: 'assistant', content, delta: true })
    const begins = events({ type: 'tool_use', tool_id: '1', tool_name: 'glob', parameters: { pattern: '*' } })
    expect(liveOf('gemini', [piece('one '), piece('two')])).toEqual([])
    expect(liveOf('gemini', [piece('one '), piece('two'), begins])).toEqual([assistant('one two')])
  })

  test('steps carry the time of their event, or of its receipt', () => {
    const shown: Date[] = []
    const reader = readClaudeCode((_, at) => shown.push(at))
    reader.push('stdout', Buffer.from(events(say('a', { timestamp: '2026-11-21T03:47:20.201Z' }), say('b'))), receivedAt)
    expect(shown).toEqual([new Date('2026-11-21T03:47:20.201Z'), receivedAt])
  })
})

describe('calls without a match', () => {
  test('a result that nobody asked for is counted', () => {
    expect(read('claude', [events(result('9', 'x'))])).toMatchObject({ steps: [], skipped: 1 })
  })

  test('an id that is used again, as by a CLI that was started again, is another call', () => {
    const once = events(call('1', 'Bash', { command: 'a' }), result('1', 'x'))
    expect(bodies(read('claude', [once, once]))).toEqual([shell('a', 'x'), shell('a', 'x')])
    const cut = events(call('1', 'Bash', { command: 'a' }))
    expect(bodies(read('claude', [cut, once]))).toEqual([{ kind: 'shell', detail: { command: 'a', exit_code: null } }, shell('a', 'x')])
  })
})

describe('a CLI that prints no events', () => {
  test.each(['claude', 'codex', 'gemini', 'qwen', 'opencode', 'cursor'] as const)('%s: what it printed is all there is', (cli) => {
    const { steps, response, ended } = read(cli, ['Fixed it.\nAll ', 'tests pass.\n'])
    expect(steps.map(({ body }) => body)).toEqual([assistant('Fixed it.\nAll tests pass.')])
    expect({ response, ended }).toEqual({ response: 'Fixed it.\nAll tests pass.', ended: 'unknown' })
  })

  test('its session log tells the steps instead', () => {
    const { sessions } = recording('claude-calls')
    const { steps, response } = read('claude', ['End.\n'], sessions)
    expect(steps).toEqual(read('claude', [], sessions).steps)
    expect(response).toBe('End.')
  })

  test('what it said on stderr is why it never began', () => {
    const reader = readClaudeCode(() => {})
    reader.push('stderr', Buffer.from('cannot be used with root\n'), receivedAt)
    expect(reader.finish([])).toMatchObject({ ended: 'unknown', problem: 'cannot be used with root', steps: [] })
  })

  test('with one JSON object at its end, that tells how it ended and the log what it did', () => {
    const { sessions } = recording('claude-calls')
    const end = { type: 'result', subtype: 'success', is_error: false, result: 'End.', usage: { input_tokens: 3, output_tokens: 4 } }
    const { steps, ended, reported } = read('claude', [events(end)], sessions)
    expect(steps.length).toBeGreaterThan(10)
    expect({ ended, reported }).toMatchObject({ ended: 'done', reported: { input: 3, output: 4 } })
  })
})

describe('Claude Code', () => {
  const log = (...all: readonly object[]) => [{ path: '.claude/projects/p/s.jsonl', bytes: Buffer.from(events(...all)) }]
  const prompt = (content: string, timestamp: string) => ({ type: 'user', timestamp, sessionId: 's', message: { role: 'user', content } })

  test('of a log that goes on from an earlier turn only the last prompt counts', () => {
    const sessions = log(
      prompt('first', '2026-11-21T00:00:00Z'),
      say('old', { timestamp: '2026-11-21T00:00:01Z' }),
      prompt('second', '2026-11-21T00:00:02Z'),
      say('new', { timestamp: '2026-11-21T00:00:03Z' }),
      { ...prompt('<note>', '2026-11-21T00:00:04Z'), origin: { kind: 'task-notification' } },
      say('newer', { timestamp: '2026-11-21T00:00:05Z' }),
    )
    expect(bodies(read('claude', [], sessions))).toEqual([assistant('new'), assistant('newer')])
  })

  test('a log fills in a result that the stream no longer brought, and repeats nothing', () => {
    const made = call('1', 'Bash', { command: 'make' })
    const sessions = log(prompt('go', '2026-11-21T00:00:00Z'), say('Go.'), made, result('1', 'Exit code 2\nno rule', { is_error: true }))
    const { steps, skipped } = read('claude', [events(say('Go.'), made)], sessions)
    expect(steps.map(({ body }) => body)).toEqual([assistant('Go.'), shell('make', 'no rule', 2)])
    expect(skipped).toBe(0)
  })

  test('an error that says success is a failure, and a turn that begins after an end has none yet', () => {
    const end = (is_error: boolean) => ({ type: 'result', subtype: 'success', is_error, result: is_error ? 'API Error: 500' : 'ok' })
    expect(read('claude', [events(end(true))])).toMatchObject({ ended: 'failed', problem: 'API Error: 500' })
    expect(read('claude', [events(end(true), { type: 'system', subtype: 'init' }, end(false))])).toMatchObject({ ended: 'done' })
    expect(read('claude', [events(end(false), { type: 'system', subtype: 'init' })]).ended).toBe('unknown')
  })
})

describe('Codex', () => {
  const rollout = (text: string) => [{ path: '.codex/sessions/rollout-1.jsonl', bytes: Buffer.from(text) }]
  const [stream, log] = [fixture('codex-ok.stdout.jsonl').toString(), fixture('codex-ok.rollout.jsonl').toString()]

  test('a rollout that broke off is followed by what only the stream has', () => {
    const lines = log.trimEnd().split('\n')
    const whole = read('codex', [stream], rollout(log))
    const streamed = bodies(read('codex', [stream]))
    for (let kept = 0; kept <= lines.length; kept += 1) {
      const steps = bodies(read('codex', [stream], rollout(lines.slice(0, kept).join('\n'))))
      const count = (texts: readonly object[], word: string) => texts.filter((step) => JSON.stringify(step).includes(word)).length
      for (const word of ['Look first.', 'Patch.', 'oops', '"o1"', '"o2"', 'All done', 'step 7'])
        expect(count(steps, word)).toBe(count(streamed, word))
      expect(count(steps, '"kind":"edit"')).toBe(2)
    }
    expect(bodies(read('codex', [stream], rollout(lines.join('\n'))))).toEqual(bodies(whole))
  })

  test('of a thread that goes on, only the turns of this run count', () => {
    const turn = (id: string, said: string, tokens: number) => [
      { type: 'event_msg', payload: { type: 'task_started', turn_id: id } },
      {
        type: 'event_msg',
        payload: { type: 'item_completed', item: { type: 'AgentMessage', id, content: [{ type: 'Text', text: said }] } },
      },
      { type: 'token_usage_record', payload: { turn_id: id, turn_token_usage: { input_tokens: tokens, output_tokens: 1 } } },
    ]
    const both = events({ type: 'session_meta', payload: { id: 't' } }, ...turn('a', 'one', 100), ...turn('b', 'two', 10))
    const second = events(
      { type: 'thread.started', thread_id: 't' },
      { type: 'turn.started' },
      { type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'two' } },
      { type: 'turn.completed', usage: { input_tokens: 110, output_tokens: 2 } },
    )
    expect(read('codex', [second], rollout(both))).toMatchObject({
      steps: [{ body: assistant('two') }],
      reported: { input: 10, output: 1 },
    })
    expect(read('codex', [second], rollout(both.replace('"id":"t"', '"id":"other"')))).toMatchObject({
      reported: { input: 110, output: 2 },
    })
  })

  test('a command that goes on beyond its first answer is one step', () => {
    const entry = (payload: object) => ({ type: 'response_item', payload })
    const text = events(
      entry({ type: 'function_call', name: 'exec_command', arguments: '{"cmd":"make -j"}', call_id: 'c1' }),
      entry({ type: 'function_call_output', call_id: 'c1', output: 'Process running with session ID 7' }),
      {
        type: 'event_msg',
        payload: {
          type: 'item_completed',
          item: { type: 'CommandExecution', id: 'c1', command: ['/bin/sh', '-c', 'make -j'], aggregated_output: 'built', exit_code: 0 },
        },
      },
    )
    expect(bodies(read('codex', [], rollout(text)))).toEqual([shell('make -j', 'built')])
  })

  test('item ids that begin anew with a second run mean other items', () => {
    const item = (command: string, status: string) => ({ id: 'item_0', type: 'command_execution', command, aggregated_output: '', status })
    const begun = (thread_id: string, type: string, given: object) => events({ type: 'thread.started', thread_id }, { type, item: given })
    const done = { ...item('b', 'completed'), exit_code: 0 }
    const steps = bodies(read('codex', [begun('t', 'item.started', item('a', 'in_progress')), begun('t', 'item.completed', done)]))
    expect(steps).toEqual([{ kind: 'shell', detail: { command: 'a', exit_code: null } }, shell('b', '')])
  })

  test('a command that was refused keeps what the model was told', () => {
    const text = events(
      { type: 'response_item', payload: { type: 'function_call', name: 'exec_command', arguments: '{"cmd":"rm x"}', call_id: 'c1' } },
      { type: 'response_item', payload: { type: 'function_call_output', call_id: 'c1', output: 'exec_command rejected by user' } },
    )
    expect(bodies(read('codex', [], rollout(text)))).toEqual([shell('rm x', 'exec_command rejected by user', null)])
  })
})

describe('Gemini CLI', () => {
  test('what is said before and after a result are two messages', () => {
    const piece = (content: string) => ({ type: 'message', role: 'assistant', content, delta: true })
    const begins = { type: 'tool_use', tool_id: '1', tool_name: 'glob', parameters: { pattern: '*' } }
    const ends = { type: 'tool_result', tool_id: '1', status: 'success' }
    const steps = bodies(read('gemini', [events(begins, piece('one'), ends, piece('two'))]))
    expect(steps).toEqual([{ kind: 'search', detail: { query: '*' } }, assistant('one'), assistant('two')])
  })

  test('a log that is one document reads like one of lines', () => {
    const { sessions, stream } = recording('gemini-calls')
    const messages = sessions[0]?.bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ id }) => id)
    const document = [
      { path: '.gemini/tmp/p/chats/session-1.json', bytes: Buffer.from(JSON.stringify({ sessionId: 's', messages }, null, 2)) },
    ]
    expect(read('gemini', [stream], document)).toEqual(read('gemini', [stream], sessions))
  })
})

describe('Qwen Code', () => {
  test('a file that was there is not shown as a new one', () => {
    const write = call('1', 'write_file', { file_path: '/home/user/workspace/a.py', content: 'x\n' })
    const [body] = bodies(read('qwen', [events(write, result('1', 'Successfully overwrote file: /home/user/workspace/a.py.'))]))
    expect(body).toEqual({ kind: 'edit', detail: { path: 'a.py', diff: '--- a/a.py\n+++ b/a.py\n@@ -0,0 +1,1 @@\n+x\n' } })
  })
})

describe('opencode', () => {
  const used = (callID: string, command: string, start: number, state: object) => ({
    type: 'tool_use',
    timestamp: start + 9000,
    part: { tool: 'bash', callID, state: { input: { command }, time: { start }, ...state } },
  })

  test('calls are told when they end, and kept in the order in which they began', () => {
    const [early, late] = [Date.parse('2026-11-21T00:00:00Z'), Date.parse('2026-11-21T00:00:01Z')]
    const done = (output: string, exit: number) => ({ status: 'completed', output, metadata: { exit } })
    const { steps } = read('opencode', [events(used('b', 'fast', late, done('2', 0)), used('a', 'slow', early, done('1', 5)))])
    expect(steps.map(({ body }) => body)).toEqual([shell('slow', '1', 5), shell('fast', '2')])
  })

  test('a call that failed keeps its error', () => {
    const failed = used('a', 'rm x', 1795233509684, { status: 'error', error: 'The user rejected permission' })
    expect(bodies(read('opencode', [events(failed)]))).toEqual([shell('rm x', 'The user rejected permission', null)])
  })
})

describe('Cursor', () => {
  test('without a last event the reason is on stderr', () => {
    const reader = readCursor(() => {})
    reader.push('stdout', Buffer.from(events({ type: 'system', subtype: 'init' }, say('Looking.'))), receivedAt)
    reader.push('stderr', Buffer.from('Error: not logged in\n'), receivedAt)
    expect(reader.finish([])).toMatchObject({ ended: 'unknown', problem: 'Error: not logged in', response: 'Looking.' })
  })
})

describe('Aider', () => {
  const banner = 'Aider v0.86.2\nModel: openai/m with diff edit format\n'
  const tokens = 'Tokens: 1.2k sent, 300 cache write, 1k cache hit, 40 received. Cost: $0.01 message, $0.03 session.\n'

  test('a provider that answers in the end was no failure', () => {
    const retried = `${banner}litellm.InternalServerError: fake \nupstream 500\nRetrying in 0.2 seconds...\nHello.\n\n${tokens}`
    expect(read('aider', [retried])).toMatchObject({ ended: 'done', response: 'Hello.' })
    expect(read('aider', [`${banner}litellm.InternalServerError: fake \nupstream 500\n`])).toMatchObject({
      ended: 'failed',
      problem: 'litellm.InternalServerError: fake upstream 500',
    })
  })

  test('tokens are added up, what came from a cache apart', () => {
    const { reported } = read('aider', [`${banner}Hi.\n\n${tokens}Added 3 lines of output to the chat.\nHo.\n\n${tokens}`])
    expect(reported).toEqual({ input: 0, cacheRead: 2000, cacheWrite: 600, output: 80, costUsd: 0.02 })
  })

  test('cut off, a reply is kept, and what Aider was about to say is none', () => {
    expect(bodies(read('aider', [`${banner}\nHello, I am`]))).toEqual([assistant('Hello, I am')])
    expect(bodies(read('aider', [`${banner}\nHello.\n\n${tokens}\nhello.txt\n`]))).toEqual([assistant('Hello.')])
  })

  test('only what this run wrote of a history counts', () => {
    const run = (said: string) =>
      `\n# aider chat started at 2026-11-21 03:49:29\n\n> Aider v0.86.2  \n\n#### Do it  \n\n${said}\n\n> ${tokens}`
    const history = [{ path: '.aider.chat.history.md', bytes: Buffer.from(run('Old.') + run('New.')) }]
    expect(bodies(read('aider', [`${banner}\nNew.\n\n${tokens}`], history))).toEqual([assistant('New.')])
    expect(bodies(read('aider', [banner, banner], history))).toEqual([assistant('Old.'), assistant('New.')])
  })

  test('lines that a terminal broke are whole in the history, and quoted code in a block is no note', () => {
    const long = `x = "${'a'.repeat(100)}"`
    const reply = (code: string) => `Edit.\n\na.md\n\`\`\`\n<<<<<<< SEARCH\n> quoted\n=======\n${code}\n>>>>>>> REPLACE\n\`\`\`\n\n`
    const printed = `${banner}\n${reply(`${long.slice(0, 80)}\n${long.slice(80)}`)}${tokens}\nApplied edit to a.md\n`
    const history = `# aider chat started at 2026-11-21 03:49:29\n\n> Aider v0.86.2  \n\n${reply(long)}> ${tokens}> Applied edit to a.md  \n`
    const steps = bodies(read('aider', [printed], [{ path: 'chat.history.md', bytes: Buffer.from(history) }]))
    expect(steps).toEqual([
      assistant('Edit.'),
      { kind: 'edit', detail: { path: 'a.md', diff: `--- a/a.md\n+++ b/a.md\n@@ -1,1 +1,1 @@\n-> quoted\n+${long}\n` } },
    ])
  })
})
