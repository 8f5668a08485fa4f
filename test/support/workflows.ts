import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { root } from './cli.ts'

const Values = z.record(z.string(), z.unknown())
const Step = z.object({
  id: z.string().optional(),
  uses: z.string().optional(),
  with: Values.default({}),
  env: Values.default({}),
})
const Job = z.object({
  permissions: z.record(z.string(), z.enum(['read', 'write'])),
  'timeout-minutes': z.unknown().optional(),
  steps: z.array(Step).default([]),
  uses: z.string().optional(),
  with: Values.default({}),
  secrets: Values.default({}),
})
const Declared = z.record(z.string(), z.object({ default: z.unknown().optional() }).loose())
const Workflow = z.object({
  on: z.unknown(),
  permissions: z.unknown(),
  concurrency: z.unknown().optional(),
  jobs: z.record(z.string(), Job),
})
const Action = z.object({ inputs: Declared, outputs: z.record(z.string(), z.unknown()) })
const Called = z.object({
  on: z.object({ workflow_call: z.object({ inputs: Declared, secrets: z.record(z.string(), z.unknown()), outputs: Values }) }),
})
export type Workflow = z.output<typeof Workflow>

const read = (path: string): unknown => parse(readFileSync(join(root, path), 'utf8'))
export const readWorkflow = (path: string): Workflow => Workflow.parse(read(path))
export const readAction = () => Action.parse(read('action.yml'))
export const readCalled = (path: string) => Called.parse(read(path)).on.workflow_call
export const readSteps = (yaml: string) => z.array(Step).parse(parse(yaml))
