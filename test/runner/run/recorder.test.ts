import { describe, expect, it } from 'vitest'
import type { StepBody } from '../../../runner/domain/step.ts'
import { Redactor } from '../../../runner/lib/redact.ts'
import { Recorder, recorderLimits } from '../../../runner/run/recorder.ts'
import type { WatchEvent } from '../../../runner/seams/watch.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakeRun } from '../../fakes/runs.ts'

function recording() {
  const events: WatchEvent[] = []
  const blobs = memoryBlobs()
  const redactor = new Redactor()
  redactor.register('hunter22')
  const recorder = new Recorder({ run: fakeRun(), redactor, watch: (event) => void events.push(event) })
  const finish = async () => {
    const { steps, warnings } = await recorder.finish(blobs)
    const text = blobs.bytes(steps).toString()
    return {
      warnings,
      text,
      lines: text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    }
  }
  return { recorder, events, finish }
}
const say = (text: string): StepBody => ({ kind: 'assistant', detail: { text } })

describe('the trajectory', () => {
  it('is told while the run lives, and kept as lines', async () => {
    const { recorder, events, finish } = recording()
    recorder.add('turn-1', say('hello'), new Date(0))
    expect(events).toMatchObject([{ at: 'step', step: { kind: 'assistant', turn: 'turn-1' } }])
    expect((await finish()).lines).toEqual([
      { at: '1970-01-01T00:00:00.000Z', turn: 'turn-1', kind: 'assistant', detail: { text: 'hello' } },
    ])
    expect(recorder.steps('turn-1')).toBe(1)
    expect(recorder.steps('turn-2')).toBe(0)
  })

  it.each<StepBody>([
    say('hunter22'),
    { kind: 'shell', detail: { command: 'echo hunter22', output: 'hunter22', exit_code: 0 } },
    { kind: 'edit', detail: { path: '/w/hunter22', diff: '+hunter22' } },
    { kind: 'read', detail: { path: '/w/hunter22' } },
    { kind: 'search', detail: { query: 'hunter22' } },
    { kind: 'tool', detail: { name: 'hunter22', arguments: { hunter22: ['hunter22'] }, result: 'hunter22' } },
    { kind: 'network', detail: { host: 'hunter22.example', method: 'GET', url: 'https://x/?key=hunter22' } },
  ])('shows no secret in a step of any kind: $kind', async (step) => {
    const { recorder, events, finish } = recording()
    recorder.add('turn-1', step)
    const { text } = await finish()
    expect(text).toContain('***')
    expect(text + JSON.stringify(events.map((event) => 'step' in event && event.step))).not.toContain('hunter22')
  })

  it('bounds every text, and never cuts before it masks', async () => {
    const { recorder, finish } = recording()
    const half = recorderLimits.text / 2
    recorder.add('t', say(`${'x'.repeat(half - 30)}${'hunter22'.repeat(10)}${'y'.repeat(half * 4)}`))
    recorder.add('t', { kind: 'tool', detail: { name: 'n', arguments: { big: 'z'.repeat(100_000) } } })
    const { lines, text } = await finish()
    expect(Buffer.byteLength(text)).toBeLessThan(2.2 * recorderLimits.text)
    expect(lines[0].detail.cut).toBe(true)
    expect(text).not.toMatch(/hunt|er22/)
  })

  it('holds so many steps and no more, and says so', async () => {
    const { recorder, events, finish } = recording()
    for (let at = 0; at < recorderLimits.steps + 500; at++) recorder.add('t', say(`step ${at}`))
    const { lines, warnings } = await finish()
    expect(lines.length).toBe(recorderLimits.steps + 1)
    expect(warnings[0]).toMatch(/^500 steps are not in the trajectory/)
    expect(lines.at(-1).detail.text).toBe(warnings[0])
    expect(events.length).toBe(lines.length)
  })

  it('holds so many bytes and no more', async () => {
    const { recorder, finish } = recording()
    for (let at = 0; at < 1000; at++) recorder.add('t', say('漢'.repeat(6000)))
    const { text } = await finish()
    expect(Buffer.byteLength(text)).toBeLessThan(recorderLimits.bytes + 2 * recorderLimits.text)
  })

  it('survives text that is not well-formed', async () => {
    const { recorder, finish } = recording()
    recorder.add('t', say('a\ud800b\0c'))
    expect((await finish()).lines[0].detail.text).toBe('a\uFFFDb\0c')
  })
})
