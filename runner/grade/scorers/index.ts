import type { ScorerType } from '../../domain/scorer.ts'
import type { Scorer } from '../score.ts'
import { allowedPaths } from './allowed-paths.ts'
import { command } from './command.ts'
import { diffSize } from './diff-size.ts'
import { forbidPaths } from './forbid-paths.ts'
import { outputSchema } from './output-schema.ts'
import { response } from './response.ts'
import { script } from './script.ts'
import { testIntegrity } from './test-integrity.ts'
import { tests } from './tests.ts'

/** Name -> scorer. What an author may write for each stands in domain/scorer.ts under the same name. */
export const scorers: Readonly<Record<ScorerType, Scorer>> = {
  command,
  tests,
  script,
  allowed_paths: allowedPaths,
  forbid_paths: forbidPaths,
  diff_size: diffSize,
  test_integrity: testIntegrity,
  response,
  output_schema: outputSchema,
}
