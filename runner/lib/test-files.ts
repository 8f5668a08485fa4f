import { globs } from './globs.ts'

/** What people call tests, in lower case; by default the agent's changes to them do not enter grading. */
const testFiles: readonly string[] = [
  '**/{test,tests,__tests__,__mocks__,__snapshots__,testdata,test-data,test_data,spec,specs,e2e}/**',
  '**/{test_*,*_test,*_tests,tests,test}.{py,pyi}',
  '**/*_test.{go,rs,c,cc,cpp,rb,exs,dart}',
  '**/*_spec.{rb,lua}',
  '**/*.{test,spec,tests,e2e,snap}.*',
  '**/{test,tests}.{js,mjs,cjs,ts,mts,cts,jsx,tsx,sh,rb}',
  '**/test-*.{js,mjs,cjs,ts,mts,cts,sh}',
  '**/*.{snap,bats,feature}',
]

/** Camel case tells a test from a contest. */
const camelCase: readonly string[] = ['**/*{Test,Tests,TestCase,Spec}.{java,kt,cs,php,swift,scala,groovy}', '**/Test*.{java,kt}']

const isLower = globs(testFiles)
const isCamel = globs(camelCase)
export const isTestFile = (path: string): boolean => isLower(path.toLowerCase()) || isCamel(path)
