import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { formats, jsonSchema } from '../../../runner/domain/formats.ts'
import { ReportSchema } from '../../../runner/domain/report-schema.ts'
import { buildReport } from '../../../runner/report/build-report.ts'
import { memoryBlobs } from '../../fakes/blobs.ts'
import { fakePlan } from '../../fakes/plans.ts'
import { fakeResult, type Story } from '../../fakes/results.ts'

const stories: readonly Story[] = [
  'pass',
  'tests-fail',
  'judge-fails',
  'time-limit',
  'exception',
  'judge-broken',
  'sandbox-lost',
  'setup-failed',
]

async function realReport() {
  const plan = fakePlan({ samples: stories.length, epochs: 2, base: true, gate: { minTrust: 'in-process', maxCostUsd: 1 } })
  const runs = plan.batches.flatMap((batch) => batch.runs)
  const results = await Promise.all(runs.map((run, index) => fakeResult(run, memoryBlobs(), stories[index % stories.length])))
  return JSON.parse(JSON.stringify(buildReport(plan, results, { version: '1.0.0', now: new Date(0) })))
}

/** Whether an editor that only knows the JSON Schema accepts it. */
const accepts = (name: string, value: unknown) =>
  new Ajv2020({ strict: false, validateFormats: false }).compile(jsonSchema(name) ?? {})(value)

describe('the schema of a report', () => {
  test('has every field that a real one has, and no field is dropped', async () => {
    const report = await realReport()
    expect(ReportSchema.parse(report)).toEqual(report)
    expect(accepts('report', report)).toBe(true)
  })

  test('lets fields of later releases through, and misses none of today', async () => {
    const report = await realReport()
    expect(accepts('report', { ...report, later: 1 })).toBe(true)
    for (const key of Object.keys(report)) expect(accepts('report', { ...report, [key]: undefined }), key).toBe(false)
  })
})

describe('JSON Schemas say what the parser says', () => {
  const right: readonly [string, object][] = [
    ['agent', { apiVersion: 'proctor/v1', kind: 'PythonFunction', name: 'a' }],
    ['agent', { apiVersion: 'eidolon/v1', kind: 'ShellCommand', name: 'a', run_command: 'x', environment: { network: { allow: ['x'] } } }],
    [
      'eval',
      {
        apiVersion: 'proctor/v1',
        kind: 'Eval',
        name: 'e',
        judge: 'none',
        scorers: [{ name: 'x', type: 'response', exact: { column: 'y' } }],
      },
    ],
    [
      'scenario',
      {
        apiVersion: 'proctor/v1',
        kind: 'Scenario',
        name: 's',
        workspace: { git: { url: 'https://example.com' } },
        setup: { mode: 'agent', instructions: 'x' },
      },
    ],
    ['config', { judge_model: 'openai/x', gate: { min_pass_rate: 0.5 } }],
  ]
  test.each(right)('%s: right', (name, value) => {
    expect([formats[name]?.schema.safeParse(value).success, accepts(name, value)]).toEqual([true, true])
  })

  test.each<[string, object]>([
    ['agent', { kind: 'Agent', name: 'a' }],
    ['agent', { apiVersion: 'proctor/v1', kind: 'ShellCommand', name: 'a' }],
    ['agent', { apiVersion: 'proctor/v1', kind: 'PythonFunction', name: 'a', run_timeout_s: 1801 }],
    ['eval', { apiVersion: 'proctor/v1', kind: 'Eval', name: 'e', scorers: [{ name: 'x', type: 'nope' }] }],
    ['scenario', { apiVersion: 'proctor/v1', kind: 'Scenario', name: 's' }],
    ['config', { judge: 'none' }],
  ])('%s: wrong', (name, value) => {
    expect([formats[name]?.schema.safeParse(value).success, accepts(name, value)]).toEqual([false, false])
  })

  test.each(right)('%s: an unknown key is wrong for both', (name, value) => {
    const more = { ...value, unheard_of: 1 }
    expect([formats[name]?.schema.safeParse(more).success, accepts(name, more)]).toEqual([false, false])
  })

  test('there is none of an unknown format', () => {
    expect(jsonSchema('nope')).toBeUndefined()
  })
})
