import { z } from 'zod'
import { AgentFile } from './agent.ts'
import { ConfigFile } from './config.ts'
import { EvalFile } from './eval.ts'
import { ReportSchema } from './report-schema.ts'
import { ScenarioFile } from './scenario.ts'

/** The formats that have a schema, by the name that `proctor schema` knows them by. */
export const formats: Readonly<Record<string, { readonly title: string; readonly schema: z.ZodType }>> = {
  agent: { title: 'proctor: agent.yaml', schema: AgentFile },
  eval: { title: 'proctor: an eval', schema: EvalFile },
  scenario: { title: 'proctor: a scenario', schema: ScenarioFile },
  config: { title: 'proctor: .github/proctor.yml', schema: ConfigFile },
  report: { title: 'proctor: report.json', schema: ReportSchema },
}

/** JSON Schema (draft 2020-12) of what people write: defaults need not be there. */
export function jsonSchema(name: string): Record<string, unknown> | undefined {
  const format = formats[name]
  return format && { title: format.title, ...z.toJSONSchema(format.schema, { io: 'input' }) }
}
