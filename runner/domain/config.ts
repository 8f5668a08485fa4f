import { z } from 'zod'
import { GateFile } from './eval.ts'

/** .github/proctor.yml: what holds for every eval of the repository that does not say otherwise. */
export const ConfigFile = z.strictObject({
  apiVersion: z.literal('proctor/v1').optional(),
  judge_model: z
    .string()
    .regex(/^(none|[\w.-]+\/.+)$/, 'provider/model, such as openai/gpt-5-mini, or none')
    .optional()
    .meta({ description: 'Judge of every eval that names none; `none` = evals without a judge need not say so' }),
  gate: GateFile.partial().optional().meta({ description: 'Defaults for the gate of every eval' }),
  budget: z
    .strictObject({
      cost_usd: z.number().positive().optional().meta({ description: 'US dollars for all runs and judgements together' }),
      wall_s: z.number().int().positive().optional().meta({ description: 'Seconds' }),
    })
    .optional(),
})
export type ConfigFile = z.infer<typeof ConfigFile>
