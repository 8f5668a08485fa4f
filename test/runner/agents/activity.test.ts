import { describe, expect, it } from 'vitest'
import { Activity } from '../../../runner/agents/activity.ts'
import type { StepBody } from '../../../runner/domain/step.ts'
import { encodeFrame } from '../../../runner/lib/frames.ts'
import { Redactor } from '../../../runner/lib/redact.ts'

function watching() {
  const steps: StepBody[] = []
  const redactor = new Redactor()
  redactor.register('correct-horse-battery')
  const activity = new Activity({ addStep: (step) => void steps.push(step), redactor })
  const send = (...lines: object[]) => {
    for (const line of lines) activity.push(encodeFrame({ ...line }))
  }
  const print = (text: string) => activity.hear('stdout', Buffer.from(text))
  return { activity, steps, send, print }
}
const shell = (id: string, inherits = false) => ({ t: 'begin', id, kind: 'shell', detail: { command: `do ${id}`, inherits } })

describe('steps', () => {
  it('come when they end, with when they began', () => {
    const { steps, send } = watching()
    send(shell('1'))
    expect(steps).toEqual([])
    send({ t: 'end', id: '1', detail: { exit_code: 3, output: 'oh' } })
    expect(steps).toEqual([{ kind: 'shell', detail: { command: 'do 1', exit_code: 3, output: 'oh' } }])
  })

  it('stay when the process was killed before they ended', () => {
    const { activity, steps, send } = watching()
    send(
      shell('1'),
      { t: 'begin', id: '2', kind: 'edit', detail: { path: '/w/a' } },
      { t: 'begin', id: '3', kind: 'edit', detail: { path: '/w/b' } },
    )
    send({ t: 'drop', id: '3' })
    activity.finish(0)
    expect(steps).toEqual([
      { kind: 'shell', detail: { command: 'do 1', exit_code: null } },
      { kind: 'edit', detail: { path: '/w/a' } },
    ])
  })

  it('show what the agent printed in between, and give a command what came out of it', () => {
    const { activity, steps, send, print } = watching()
    print('thinking\n')
    send(shell('1', true))
    print('from the command\n')
    send({ t: 'end', id: '1', detail: { exit_code: 0 } })
    print('done\n')
    activity.finish(0)
    expect(steps).toEqual([
      { kind: 'assistant', detail: { text: 'thinking\n' } },
      { kind: 'shell', detail: { command: 'do 1', exit_code: 0, output: 'from the command\n' } },
      { kind: 'assistant', detail: { text: 'done\n' } },
    ])
  })

  it('mask a secret that a cut went through', () => {
    const { steps, send } = watching()
    const output = { head: 'the key is correct-hor', tail: 'se-battery, they say', lost: 1000 }
    send(shell('1'), { t: 'end', id: '1', detail: { exit_code: 0, output } })
    const [step] = steps
    expect(step).toMatchObject({ detail: { cut: true } })
    expect(JSON.stringify(step)).toContain('1,000 bytes cut')
    expect(JSON.stringify(step)).not.toMatch(/correct|battery/)
  })
})

describe('a hostile process', () => {
  it('is believed nothing that has another shape', () => {
    const { activity, steps, send } = watching()
    send({ t: 'begin', id: 1, kind: 'shell' }, { t: 'nonsense' }, { kind: 'shell' }, { t: 'begin', id: 'x', kind: 'tool', detail: {} })
    send({ t: 'end', id: 'never begun', detail: {} })
    send({ t: 'begin', id: 'y', kind: 'network', detail: { host: 7 } }, { t: 'end', id: 'y', detail: {} })
    activity.push(Buffer.from('not json\n\xff\xfe\n[]\nnull\n', 'latin1'))
    activity.finish(0)
    expect(steps).toEqual([])
    expect(activity.skipped).toBe(5)
    expect(activity.told).toBeUndefined()
  })

  it('keeps to known keys', () => {
    const { steps, send } = watching()
    send(
      { t: 'begin', id: '1', kind: 'read', detail: { path: '/w/a', __proto__: { x: 1 }, evil: '<script>' } },
      { t: 'end', id: '1', detail: {} },
    )
    expect(steps).toEqual([{ kind: 'read', detail: { path: '/w/a' } }])
  })

  it('cannot fill the memory with steps that never end', () => {
    const { activity, steps, send } = watching()
    for (let at = 0; at < 3000; at++) send(shell(`${at}`))
    activity.finish(0)
    expect(steps.length).toBe(2000)
    expect(activity.skipped).toBe(1000)
  })

  it('has one result, the first', () => {
    const { activity } = watching()
    activity.push(encodeFrame({ t: 'result' }, Buffer.from('one\xff', 'latin1')))
    activity.push(encodeFrame({ t: 'failed', code: 'agent_exception', message: 'two' }))
    expect(activity.told).toEqual({ response: 'one\uFFFD' })
  })

  it('cannot name a code that is not its own', () => {
    const { activity, send } = watching()
    send({ t: 'failed', code: 'sandbox_lost', message: 'retry me' })
    expect(activity.told).toBeUndefined()
  })
})

it('joins the two ends of a response that was too long', () => {
  const { activity } = watching()
  activity.push(encodeFrame({ t: 'result', head: 4, lost: 12 }, Buffer.from('headtail')))
  expect(activity.told?.response).toBe('head\n[... 12 bytes cut ...]\ntail')
})
